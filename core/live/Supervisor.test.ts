import { expect } from "bun:test"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { Duration, Effect, Fiber, Option, Stream } from "effect"
import { type Output, type Spec, type Supervised, Supervisor } from "../services/Supervisor.ts"
import { mounted, root } from "../testing/disk.ts"
import { live, tempHome } from "../testing/effect.ts"
import { isAlive, processesOf } from "../testing/processes.ts"
import * as Live from "./Supervisor.ts"

const { layer } = Live
const fixtures = `${import.meta.dir}/supervisor/fixtures`

/** A fresh folder with a name that a shell would stumble over, and specs that start below it. */
const place = Effect.gen(function* () {
  const home = yield* tempHome
  const cwd = `${home}/it's "a"\n$(x) é`
  fs.mkdirSync(cwd)
  const run_id = crypto.randomUUID()
  const spec = (
    name: string,
    program: string,
    args: ReadonlyArray<string>,
    more: Partial<Spec> = {},
  ): Spec => ({
    run_id,
    dir: `${cwd}/runs/${name}`,
    program,
    args,
    cwd,
    time_limit: Duration.minutes(2),
    grace: Duration.millis(500),
    ...more,
  })
  const sh = (name: string, script: string, more?: Partial<Spec>) => spec(name, "sh", ["-c", script], more)
  const { sweep } = yield* Supervisor
  yield* Effect.addFinalizer(() => sweep(run_id))
  return { cwd, run_id, spec, sh }
})

const linesOf = (outputs: ReadonlyArray<Output>, stream: Output["stream"]) =>
  outputs.flatMap((output) => (output.stream === stream ? output.lines.map(({ text }) => text) : []))

const stdout = (attempt: Supervised) =>
  Effect.map(Stream.runCollect(attempt.follow()), (outputs) => linesOf(outputs, "stdout"))

/** Returns when the program has written this line. */
const says = (attempt: Supervised, line: string) =>
  Stream.runDrain(Stream.takeUntil(attempt.follow(), ({ lines }) => lines.some(({ text }) => text === line)))

const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), until(holds))))

const gone = (pid: number) => until(() => !isAlive(pid))

/** For an attempt whose limit is an hour, and whose grace a minute: each is over when `over` says so. */
const clock = {
  env: { PATH: `${fixtures}/clock:${process.env["PATH"]}` },
  over: (cwd: string, what: "hour" | "minute") => fs.writeFileSync(`${cwd}/${what}`, ""),
}

/** A hub of its own that starts the spec and can be killed; `said` waits for its words. */
const otherHub = Effect.fnUntraced(function* (spec: Spec) {
  const [grace_ms, time_limit_ms] = [spec.grace, spec.time_limit].map(Duration.toMillis)
  const given = JSON.stringify({ ...spec, grace_ms, time_limit_ms })
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => Bun.spawn([process.execPath, `${fixtures}/hub.ts`, given], { stdout: "pipe" })),
    (hub) => Effect.promise(() => (hub.kill("SIGKILL"), hub.exited)),
  )
  const reader = child.stdout.getReader()
  let heard = ""
  const said = (word: string) =>
    Effect.promise(async () => {
      while (!heard.includes(`${word}\n`)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`the other hub ended before it said ${word}`)
        heard += new TextDecoder().decode(value)
      }
    })
  const kill = Effect.promise(() => (child.kill("SIGKILL"), child.exited))
  return { said, kill }
})

live(
  "output, exit, tail and spool of a program that ends",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { start } = yield* Supervisor
    const args = [
      "-c",
      'printf "%s|" "$@"; echo; cat; echo oh >&2; pwd; printf part; exit 3',
      "sh",
      "a b",
      `'"$(id)\n`,
    ]
    const attempt = yield* start(spec("one", "sh", args, { stdin: { text: "täxt\n" } }))
    const outputs = yield* Stream.runCollect(attempt.follow())
    const lines = linesOf(outputs, "stdout")
    expect(lines).toEqual([`a b|'"$(id)`, "|", "täxt", ...cwd.split("\n"), "part"])
    expect(linesOf(outputs, "stderr")).toEqual(["oh"])
    const exit = yield* attempt.exit
    expect(exit).toMatchObject({ code: 3, signal: null, timed_out: false, lost: false })
    expect(exit.ended_at).toBeGreaterThanOrEqual(attempt.started_at)
    expect(attempt.adopted).toBe(false)
    const { path, bytes } = yield* attempt.spool("stdout")
    expect(fs.statSync(path).size).toBe(bytes)
    expect(outputs.filter(({ stream }) => stream === "stdout").at(-1)!.offset).toBe(bytes)
    expect(yield* attempt.tail("stdout", 4)).toBe("part")
    expect(yield* attempt.tail("stdout", 5)).toBe("\npart")
    expect(yield* attempt.tail("stderr", 1000)).toBe("oh\n")
    expect(yield* attempt.last_output_at).toBeGreaterThanOrEqual(attempt.started_at)
    const dir = dirname(path)
    for (const name of fs.readdirSync(dir)) expect(fs.statSync(`${dir}/${name}`).mode & 0o777).toBe(0o600)
    expect(fs.statSync(dir).mode & 0o777).toBe(0o700)
  }),
)

live(
  "the program gets a clean desk: marks, no secrets, no foreign descriptor, signals as usual, its own umask",
  layer,
  Effect.gen(function* () {
    const { sh, run_id } = yield* place
    const { start } = yield* Supervisor
    process.env["HUB_SECRET_X"] = "secret"
    const script =
      'echo "$HUB_RUN"; echo "$HUB_ATTEMPT" | tail -n 1; echo "[$HUB_SECRET_X]"; ls /proc/$$/fd; umask; ps -o sid= -p $$; trap "echo int" INT; kill -INT $$'
    const spec = sh("one", script)
    const attempt = yield* start(spec)
    delete process.env["HUB_SECRET_X"]
    const umask = process.umask().toString(8).padStart(4, "0")
    const lines = (yield* stdout(attempt)).map((line) => line.trim())
    expect(lines).toEqual([
      run_id,
      spec.dir.split("\n")[1]!,
      "[]",
      "0",
      "1",
      "2",
      umask,
      String(attempt.pid),
      "int",
    ])
  }),
)

live(
  "what cannot be started says why, and may be started later",
  layer,
  Effect.gen(function* () {
    const { spec, sh, cwd } = yield* place
    const { start, find } = yield* Supervisor
    const why = (it: Spec) => Effect.map(Effect.flip(start(it)), (error) => error._tag)
    expect(yield* why(spec("a", "no-such-program", []))).toBe("ProgramMissing")
    expect(yield* why(spec("a", "true", ["x".repeat(200_000)]))).toBe("ProgramMissing")
    expect(
      yield* why(
        spec(
          "a",
          "true",
          Array.from({ length: 80 }, () => "x".repeat(100_000)),
        ),
      ),
    ).toBe("ProgramMissing")
    expect(yield* why(sh("a", "true", { cwd: `${cwd}/gone` }))).toBe("FolderUnusable")
    expect(yield* why(sh("a", "true", { stdin: { file: `${cwd}/gone` } }))).toBe("SpoolFailed")
    fs.writeFileSync(`${cwd}/file`, "")
    expect(yield* why({ ...sh("a", "true"), dir: `${cwd}/file/a` })).toBe("SpoolFailed")
    expect(Option.isNone(yield* find(sh("a", "").dir))).toBe(true)
    expect((yield* (yield* start(sh("a", "exit 4"))).exit).code).toBe(4)
    // In the way of the pipe.
    fs.mkdirSync(`${cwd}/runs/b`)
    fs.writeFileSync(`${cwd}/runs/b/alive`, "")
    expect((yield* Effect.flip(start(sh("b", "true")))).message).toContain(
      "a named pipe cannot be made there",
    )
  }),
)

live(
  "two starts at once start once",
  layer,
  Effect.gen(function* () {
    const { sh, cwd } = yield* place
    const supervisors = yield* Effect.all([Supervisor, Effect.provide(Supervisor, Live.layer)])
    for (let round = 0; round < 20; round++) {
      const spec = sh(`r${round}`, `echo x >>"$1"`)
      const once = { ...spec, args: [...spec.args, "sh", `${cwd}/count${round}`] }
      const starts = [...supervisors, ...supervisors].map(({ start }) => start(once))
      const attempts = yield* Effect.all(starts, { concurrency: "unbounded" })
      for (const attempt of attempts) expect((yield* attempt.exit).code).toBe(0)
      expect(attempts.filter(({ adopted }) => !adopted)).toHaveLength(1)
      expect(fs.readFileSync(`${cwd}/count${round}`, "utf8")).toBe("x\n")
    }
  }),
)

live(
  "a hub killed while it starts: the next one starts or adopts, never both",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { start } = yield* Supervisor
    for (let round = 0; round < 16; round++) {
      const count = `${cwd}/count${round}`
      const once = spec(`r${round}`, "sh", ["-c", 'echo x >>"$1"', "sh", count])
      const hub = yield* otherHub(once)
      yield* hub.said("start")
      // Ever later: some hubs die before they have started anything, some in the middle of it, some after.
      for (let turn = 0; turn < round * 40; turn++) yield* Effect.yieldNow
      yield* hub.kill
      const attempt = yield* start(once)
      expect((yield* attempt.exit).code).toBe(0)
      expect(fs.readFileSync(count, "utf8")).toBe("x\n")
    }
  }),
  120_000,
)

live(
  "a program goes on when its hub is killed, and all it writes is read by the next",
  layer,
  Effect.gen(function* () {
    const { sh, cwd } = yield* place
    const { find } = yield* Supervisor
    const spec = sh(
      "one",
      "i=0; until [ -e go ]; do i=$((i + 1)); echo $i; sleep 0.01; done; echo end; exit 5",
    )
    const hub = yield* otherHub(spec)
    yield* hub.said("started")
    yield* hub.kill
    const attempt = Option.getOrThrow(yield* find(spec.dir))
    expect(attempt.adopted).toBe(true)
    const exit = yield* Effect.forkChild(attempt.exit)
    yield* says(attempt, "5")
    const all = yield* Effect.forkChild(stdout(attempt))
    fs.writeFileSync(`${cwd}/go`, "")
    const lines = yield* Fiber.join(all)
    expect(lines).toEqual([...lines.slice(0, -1).map((_, i) => String(i + 1)), "end"])
    expect(yield* Fiber.join(exit)).toMatchObject({ code: 5, lost: false })
    const again = Option.getOrThrow(yield* find(spec.dir))
    expect(yield* stdout(again)).toEqual(lines)
    expect(yield* again.exit).toMatchObject({ code: 5 })
  }),
)

live(
  "the time limit holds without a hub, for those who ignore TERM too",
  layer,
  Effect.gen(function* () {
    const { cwd, sh } = yield* place
    const { find } = yield* Supervisor
    // Over at once, or only when it has trapped TERM.
    const soft = sh("soft", "echo on; exec sleep 1000", { time_limit: Duration.millis(400) })
    const hard = sh("hard", 'trap "echo told" TERM; echo on; while :; do sleep 0.05; done', {
      env: clock.env,
      time_limit: Duration.hours(1),
      grace: Duration.minutes(1),
    })
    for (const spec of [soft, hard]) {
      const hub = yield* otherHub(spec)
      yield* hub.said("started")
      yield* hub.kill
    }
    const found = yield* Effect.all([find(soft.dir), find(hard.dir)])
    const [one, two] = found.map(Option.getOrThrow) as [Supervised, Supervised]
    expect(yield* one.exit).toMatchObject({ code: 143, signal: "SIGTERM", timed_out: true })
    yield* says(two, "on")
    clock.over(cwd, "hour")
    yield* says(two, "told")
    clock.over(cwd, "minute")
    expect(yield* two.exit).toMatchObject({ code: 137, signal: "SIGKILL", timed_out: true })
    expect(yield* stdout(two)).toEqual(["on", "told"])
  }),
)

const members = ["child", "stubborn", "session", "forked"]

live(
  "end leaves nothing of a hostile tree, also when the end is asked for twice, and is quick afterwards",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { start } = yield* Supervisor
    // Within the grace the wrapper sees how the program took it, and writes that down.
    const more = { grace: Duration.seconds(3) }
    const attempt = yield* start(spec("one", "sh", [`${fixtures}/tree.sh`, cwd], more))
    yield* says(attempt, "ready")
    const pids = members.map((name) => fs.readFileSync(`${cwd}/${name}`, "utf8").trim())
    expect(pids.map(isAlive)).toEqual([true, true, true, true])
    yield* Effect.all([attempt.end, attempt.end], { concurrency: "unbounded" })
    expect([attempt.pid, ...pids].filter(isAlive)).toEqual([])
    expect(yield* attempt.exit).toMatchObject({ code: 143, timed_out: false, lost: false })
    yield* attempt.end
  }),
)

live(
  "an end that the program's shell did not hear, because it was just starting, is seen by it",
  layer,
  Effect.gen(function* () {
    const { sh } = yield* place
    const { start } = yield* Supervisor
    const one = sh("one", "sleep 60")
    yield* (yield* start(one)).end
    expect(fs.existsSync(`${one.dir}/ending`)).toBe(true)
    const two = sh("two", "touch ran; sleep 60")
    fs.mkdirSync(two.dir, { recursive: true })
    fs.writeFileSync(`${two.dir}/ending`, "")
    expect(yield* (yield* start(two)).exit).toMatchObject({ code: 143, signal: "SIGTERM", timed_out: false })
    expect(fs.existsSync(`${two.cwd}/ran`)).toBe(false)
  }),
)

live(
  "end leaves nothing of a crowd that minds no TERM and starts itself anew",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { start } = yield* Supervisor
    const attempt = yield* start(spec("one", "sh", [`${fixtures}/crowd.sh`, cwd]))
    yield* says(attempt, "ready")
    const files = fs.readdirSync(cwd).filter((name) => /^m\d+$/.test(name))
    const pids = files.map((name) => fs.readFileSync(`${cwd}/${name}`, "utf8").trim())
    expect(pids.filter(isAlive)).toHaveLength(50)
    yield* attempt.end
    expect(pids.filter(isAlive)).toEqual([])
    expect(processesOf([spec("one", "", []).run_id])).toEqual([])
  }),
)

live(
  "end finds children without an environment, as long as somebody between them and the wrapper lives",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { start } = yield* Supervisor
    const attempt = yield* start(spec("one", "sh", [`${fixtures}/bare.sh`, cwd]))
    yield* says(attempt, "ready")
    const names = ["grouped", "session", "above", "below"]
    const pids = names.map((name) => fs.readFileSync(`${cwd}/${name}`, "utf8").trim())
    expect(pids.map(isAlive)).toEqual([true, true, true, true])
    yield* attempt.end
    expect(pids.filter(isAlive)).toEqual([])
  }),
)

live(
  "end leaves a hub alone that something inside the attempt started",
  layer,
  Effect.gen(function* () {
    const { sh, cwd } = yield* place
    const { start } = yield* Supervisor
    const idle = "console.log(process.pid); setInterval(() => {}, 1000)"
    const spec = sh(
      "one",
      'setsid env -i "$0" -e "$1" >hub & until [ -s hub ]; do sleep 0.02; done; echo on; wait',
    )
    const attempt = yield* start({ ...spec, args: [...spec.args, process.execPath, idle] })
    yield* says(attempt, "on")
    const pid = Number(fs.readFileSync(`${cwd}/hub`, "utf8"))
    yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(pid, "SIGKILL")))
    yield* attempt.end
    expect(isAlive(pid)).toBe(true)
  }),
)

live(
  "a time limit without a hub leaves nothing of a hostile tree either",
  layer,
  Effect.gen(function* () {
    const { spec, cwd } = yield* place
    const { find } = yield* Supervisor
    const tree = spec("one", "sh", [`${fixtures}/tree.sh`, cwd], {
      // A line end in the path hides the mark from grep: then who left the group waits for the next hub's look.
      dir: yield* tempHome,
      env: clock.env,
      time_limit: Duration.hours(1),
    })
    const hub = yield* otherHub(tree)
    yield* hub.said("started")
    yield* hub.kill
    const attempt = Option.getOrThrow(yield* find(tree.dir))
    yield* says(attempt, "ready")
    const pids = members.map((name) => fs.readFileSync(`${cwd}/${name}`, "utf8").trim())
    clock.over(cwd, "hour")
    expect(yield* attempt.exit).toMatchObject({ timed_out: true })
    yield* gone(attempt.pid)
    // Killed before the wrapper ended, and a moment later gone.
    for (const pid of pids) yield* gone(Number(pid))
  }),
)

live(
  "a sweep ends all of a run and nothing of another",
  layer,
  Effect.gen(function* () {
    const { spec, sh, cwd, run_id } = yield* place
    const { start, sweep } = yield* Supervisor
    const attempt = yield* start(spec("one", "sh", [`${fixtures}/tree.sh`, cwd]))
    yield* says(attempt, "ready")
    const other = yield* start(sh("two", "echo on; exec sleep 1000", { run_id: `${run_id}-2` }))
    yield* says(other, "on")
    expect(yield* sweep(run_id)).toBeGreaterThanOrEqual(5)
    expect(members.map((name) => fs.readFileSync(`${cwd}/${name}`, "utf8").trim()).filter(isAlive)).toEqual(
      [],
    )
    expect(isAlive(other.pid)).toBe(true)
    expect(yield* sweep(run_id)).toBe(0)
    yield* other.end
  }),
)

live(
  "a killed wrapper is found out without a hub's child or with it, and what it started is ended",
  layer,
  Effect.gen(function* () {
    const { sh, cwd } = yield* place
    const { start, find } = yield* Supervisor
    for (const name of ["own", "adopted"]) {
      // It stays what it is: in the middle of an exec nobody sees its environment.
      const spec = sh(name, `echo $$ >${name}; echo on; while :; do sleep 1000; done`)
      const first = yield* start(spec)
      yield* says(first, "on")
      const attempt = name === "own" ? first : Option.getOrThrow(yield* find(spec.dir))
      const [exit, lines] = yield* Effect.all([
        Effect.forkChild(attempt.exit),
        Effect.forkChild(stdout(attempt)),
      ])
      yield* Effect.yieldNow
      process.kill(attempt.pid, "SIGKILL")
      const lost = yield* Fiber.join(exit)
      expect(lost).toMatchObject({ code: null, signal: null, lost: true })
      expect(yield* Fiber.join(lines)).toEqual(["on"])
      expect(isAlive(fs.readFileSync(`${cwd}/${name}`, "utf8").trim())).toBe(false)
      expect(yield* Option.getOrThrow(yield* find(spec.dir)).exit).toEqual(lost)
    }
  }),
)

live(
  "a claim whose number now belongs to another process ends nobody",
  layer,
  Effect.gen(function* () {
    const { sh } = yield* place
    const { start, find } = yield* Supervisor
    const bystander = yield* start(sh("bystander", "echo on; exec sleep 1000"))
    yield* says(bystander, "on")
    const claim = fs
      .readFileSync(`${sh("bystander", "").dir}/claim`, "utf8")
      .trim()
      .split(" ")
    const born = [claim[0], claim[1], claim[2], String(Number(claim[3]) - 1)].join(" ")
    const boot = [claim[0], "another-boot", claim[2], claim[3]].join(" ")
    for (const [name, line] of [
      ["born", `${born}\n`],
      ["boot", `${boot}\n`],
      ["torn", "12"],
      ["zero", "0 - 1 1\n"],
    ] as const) {
      const dir = `${sh(name, "").dir}`
      fs.mkdirSync(dir, { recursive: true })
      fs.writeFileSync(`${dir}/claim`, line)
      const found = Option.getOrThrow(yield* find(dir))
      yield* found.end
      expect(yield* found.exit).toMatchObject({ code: null, lost: true })
      expect(yield* stdout(found)).toEqual([])
    }
    expect(isAlive(bystander.pid)).toBe(true)
    yield* bystander.end
  }),
)

live(
  "any bytes are kept and none is fatal; a reader of the tail may skip",
  layer,
  Effect.gen(function* () {
    const { sh } = yield* place
    const { start } = yield* Supervisor
    const odd = yield* start(
      sh(
        "odd",
        "printf 'a\\0b\\rc\\377\\r\\n\\303'; sleep 0.1; printf '\\251\\n'; head -c 50000000 /dev/zero; echo; echo last",
      ),
    )
    const outputs = yield* Stream.runCollect(odd.follow({ max_line_bytes: 1000 }))
    const lines = outputs.flatMap((output) => output.lines)
    expect(lines.map(({ text }) => text)).toEqual(["a\0b", "c\uFFFD", "é", "\0".repeat(1000), "last"])
    expect(lines.map(({ cut }) => cut)).toEqual([false, false, false, true, false])
    const { bytes } = yield* odd.spool("stdout")
    expect(bytes).toBe(50_000_000 + 17)
    const tail = yield* Stream.runCollect(odd.follow({ may_skip: true }))
    expect(tail.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(bytes - 1024 * 1024)
    expect(linesOf(tail, "stdout")).toEqual(["last"])
  }),
)

live(
  "a hundred at once; two hundred leave no descriptor and no zombie",
  layer,
  Effect.gen(function* () {
    const { sh } = yield* place
    const { start } = yield* Supervisor
    const open = () => fs.readdirSync("/proc/self/fd").length
    const pids: Array<number> = []
    const one = (name: string) =>
      Effect.gen(function* () {
        const attempt = yield* start(sh(name, "echo a; sleep 0.3; echo b"))
        pids.push(attempt.pid)
        const lines = yield* stdout(attempt)
        yield* attempt.exit
        yield* attempt.end
        return lines.join("")
      })
    yield* one("warm")
    const before = open()
    for (const round of ["x", "y"]) {
      const names = Array.from({ length: 100 }, (_, i) => `${round}${i}`)
      const all = yield* Effect.forEach(names, one, { concurrency: "unbounded" })
      expect(all.every((lines) => lines === "ab")).toBe(true)
    }
    Bun.gc(true)
    expect(open() - before).toBeLessThan(10)
    const { stdout: children } = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(process.pid)])
    const left = children.toString().trim().split(/\s+/).map(Number)
    expect(pids.filter((pid) => left.includes(pid))).toEqual([])
  }),
  120_000,
)

live(
  "a start whose folder is removed before the hub has read it fails, and nothing of it is left",
  layer,
  Effect.gen(function* () {
    const { run_id, sh } = yield* place
    const { start } = yield* Supervisor
    const spec = sh("one", 'rm -r "$HUB_ATTEMPT"; while :; do sleep 1; done')
    const starting = yield* Effect.forkChild(start(spec), { startImmediately: true })
    // This hub stands still meanwhile.
    while (fs.existsSync(spec.dir)) Bun.sleepSync(1)
    expect(yield* Effect.flip(Fiber.join(starting))).toMatchObject({
      _tag: "SpoolFailed",
      detail: "the folder was removed",
    })
    expect(processesOf([run_id])).toEqual([])
  }),
)

const full = expect.stringMatching(/ENOSPC|no space left/)

if (root)
  live(
    "a disk that fills up while an attempt writes: how it ended is known, and the next start says what is wrong until there is room",
    layer,
    Effect.gen(function* () {
      const { sh } = yield* place
      const { find, start } = yield* Supervisor
      const disk = yield* mounted("256k")
      const dir = `${disk}/one`
      const attempt = yield* start(sh("", "head -c 1000000 /dev/zero; echo told; exit 7", { dir }))
      expect(yield* attempt.exit).toMatchObject({ code: 7, lost: false, disk_full: true })
      expect(yield* Option.getOrThrow(yield* find(dir)).exit).toMatchObject({ code: 7, disk_full: true })
      const next = { ...sh("", "echo on; exit 5"), dir: `${disk}/two` }
      expect(yield* Effect.flip(start(next))).toMatchObject({ _tag: "SpoolFailed", detail: full })
      expect(
        yield* Effect.flip(start({ ...next, dir: `${disk}/three`, stdin: { text: "x".repeat(10_000) } })),
      ).toMatchObject({ _tag: "SpoolFailed", detail: full })
      expect(Option.isNone(yield* find(next.dir))).toBe(true)
      fs.truncateSync(`${dir}/out`, 0)
      const again = yield* start(next)
      expect(yield* stdout(again)).toEqual(["on"])
      expect(yield* again.exit).toMatchObject({ code: 5, lost: false })
      expect(yield* again.exit).not.toHaveProperty("disk_full")
    }),
  )

if (root)
  live(
    "on a full disk the time limit and an end are known as what they are",
    layer,
    Effect.gen(function* () {
      const { cwd, sh } = yield* place
      const { start } = yield* Supervisor
      const disk = yield* mounted("256k")
      const deaf =
        'trap "" TERM; echo on; head -c 1000000 /dev/zero 2>/dev/null; : >full; while :; do sleep 0.05; done'
      const hour = { env: clock.env, time_limit: Duration.hours(1) }
      const late = yield* start(sh("", deaf, { dir: `${disk}/late`, ...hour }))
      yield* until(() => fs.existsSync(`${cwd}/full`))
      clock.over(cwd, "hour")
      expect(yield* late.exit).toMatchObject({ code: 137, timed_out: true, disk_full: true })
      fs.truncateSync(`${disk}/late/out`, 0)
      const ended = yield* start(sh("", deaf, { dir: `${disk}/ended` }))
      yield* says(ended, "on")
      yield* ended.end
      expect(yield* ended.exit).toMatchObject({ code: 137, lost: false })
    }),
  )
