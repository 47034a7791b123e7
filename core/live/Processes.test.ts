import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Processes } from "../services/Processes.ts"
import { effect, live, tempHome } from "../testing/effect.ts"
import { isAlive } from "../testing/processes.ts"
import { layer } from "./Processes.ts"

const sh = (script: string, cwd = "/", ...args: ReadonlyArray<string>) => ({
  program: "sh",
  args: ["-c", script, "sh", ...args],
  cwd,
})

/** The test's time limit is the proof that this comes. */
const appears = (folder: string, name: string) =>
  Effect.callback<string>((resume) => {
    const look = () => {
      const text = fs.existsSync(`${folder}/${name}`) ? fs.readFileSync(`${folder}/${name}`, "utf8") : ""
      if (text.endsWith("\n")) resume(Effect.succeed(text.trim()))
    }
    const watcher = fs.watch(folder, look)
    look()
    return Effect.sync(() => watcher.close())
  }).pipe(Effect.scoped)

/** Killed is not yet gone: that takes the system a moment. */
const vanishes = (pid: string) =>
  Effect.gen(function* () {
    while (isAlive(pid)) yield* Effect.yieldNow
  })

live(
  "what it wrote, how it ended, what it read",
  layer,
  Effect.gen(function* () {
    const { run } = yield* Processes
    const folder = yield* tempHome
    const script = 'cat; echo "$1" >&2; exit 3'
    const text = "x".repeat(300_000)
    const told = yield* run({ ...sh(script, folder, `'"$(id)\n`), stdin: { text } })
    expect(told).toMatchObject({
      code: 3,
      signal: null,
      stdout: text,
      stderr: `'"$(id)\n\n`,
      truncated: false,
    })
    fs.writeFileSync(`${folder}/in`, "from a file")
    expect((yield* run({ ...sh("cat", folder), stdin: { file: `${folder}/in` } })).stdout).toBe("from a file")
    expect((yield* run(sh("cat; pwd", folder))).stdout).toBe(`${folder}\n`)
    expect(yield* run(sh("kill -KILL $$"))).toMatchObject({ code: null, signal: "SIGKILL" })
    // It reads nothing of what it is given.
    expect((yield* run({ ...sh("exit 0"), stdin: { text: "y".repeat(5_000_000) } })).code).toBe(0)
  }),
)

live(
  "the newest output is kept",
  layer,
  Effect.gen(function* () {
    const { run } = yield* Processes
    const told = yield* run(sh("yes | head -c 3000000; printf end; printf abcdef >&2"), { max_bytes: 5 })
    expect(told).toMatchObject({ stdout: "\ny\nend".slice(-5), stderr: "bcdef", truncated: true })
    expect(yield* run(sh("printf 12345"), { max_bytes: 5 })).toMatchObject({
      stdout: "12345",
      truncated: false,
    })
    expect(yield* run(sh("printf 12345"), { max_bytes: 0 })).toMatchObject({ stdout: "", truncated: true })
  }),
)

live(
  "what cannot be started says why",
  layer,
  Effect.gen(function* () {
    const { run, which } = yield* Processes
    const folder = yield* tempHome
    fs.writeFileSync(`${folder}/plain`, "#!/bin/sh\n", { mode: 0o644 })
    fs.writeFileSync(`${folder}/orphan`, "#!/no/such/interpreter -x\n", { mode: 0o755 })
    fs.writeFileSync(`${folder}/tool`, "#!/bin/sh\necho tool\n", { mode: 0o755 })
    const why = (program: string, args: ReadonlyArray<string> = [], env = {}) =>
      Effect.map(Effect.flip(run({ program, args, cwd: folder, env })), ({ message }) => message)

    expect(yield* why("no-such-program")).toBe('cannot start "no-such-program": not found on PATH')
    expect(yield* why("./gone")).toBe('cannot start "./gone": it does not exist')
    expect(yield* why("./plain")).toBe('cannot start "./plain": permission denied')
    expect(yield* why(folder)).toContain("it is not a file")
    expect(yield* why("")).toContain("no name of a program")
    expect(yield* why("./orphan")).toContain("its interpreter /no/such/interpreter does not exist")
    expect(yield* why("true", ["a\0b"])).toContain("argument 1 holds a NUL")
    expect(yield* why("true", ["ok", "x".repeat(200_000)])).toContain("argument 2 has 200001 bytes")
    expect(
      yield* why(
        "true",
        Array.from({ length: 80 }, () => "x".repeat(100_000)),
      ),
    ).toContain("too long")
    // A relative entry of PATH is the folder one stands in.
    expect(yield* why("tool", [], { PATH: ".:" })).toContain("not found on PATH")
    expect(
      (yield* run({ program: "tool", args: [], cwd: "/", env: { PATH: `${folder}:/bin` } })).stdout,
    ).toBe("tool\n")
    expect((yield* run({ program: "./tool", args: [], cwd: folder })).stdout).toBe("tool\n")
    expect(yield* which("sh")).toEndWith("/sh")
    expect((yield* Effect.flip(which("no-such-program")))._tag).toBe("ProgramMissing")

    const at = (cwd: string) =>
      Effect.map(Effect.flip(run(sh("true", cwd))), (error) => [error._tag, error.message])
    expect(yield* at("/no/such")).toEqual(["FolderUnusable", 'cannot work in "/no/such": it does not exist'])
    expect(yield* at("relative")).toEqual(["FolderUnusable", expect.stringContaining("not an absolute path")])
    expect(yield* at(`${folder}/plain`)).toEqual(["FolderUnusable", expect.stringContaining("not a folder")])
  }),
)

live(
  "the hub's own secrets and marks stay with the hub",
  layer,
  Effect.gen(function* () {
    const { run } = yield* Processes
    const kept = ["HUB_TOKEN", "HUB_SECRET_X", "BUN_OPTIONS", "BUN_BE_BUN", "HUB_RUN", "HUB_ATTEMPT"]
    yield* Effect.acquireRelease(
      Effect.sync(() => kept.forEach((name) => (process.env[name] = "kept"))),
      () => Effect.sync(() => kept.forEach((name) => delete process.env[name])),
    )
    const env = { ADDED: "a\nb", HOME: undefined }
    const { stdout } = yield* run({ program: "env", args: ["-0"], cwd: "/", env })
    const names = stdout.split("\0").map((entry) => entry.split("=")[0])
    expect(names.filter((name) => name === "HOME" || kept.includes(name!))).toEqual([])
    expect(stdout).toContain("ADDED=a\nb\0")
    expect(names).toContain("PATH")
  }),
)

live(
  "output held open by what is left behind is not waited for, and nothing is left behind",
  layer,
  Effect.gen(function* () {
    const { run } = yield* Processes
    const told = yield* run(sh("sleep 1000 & echo $!"))
    yield* vanishes(told.stdout.trim())
    const quiet = yield* run(sh("sleep 1000 >/dev/null 2>&1 & echo $!"))
    yield* vanishes(quiet.stdout.trim())
    // Out of the group, it holds the pipe open; the caller goes on all the same.
    const script =
      "setsid sh -c 'echo $$ >away; exec sleep 1000' & until [ -s away ]; do sleep 0.02; done; cat away"
    const away = yield* run(sh(script, yield* tempHome))
    process.kill(Number(away.stdout), "SIGKILL")
  }),
)

effect(
  "time-out and interruption end the whole group",
  Effect.gen(function* () {
    const { run } = yield* Processes
    const folder = yield* tempHome
    const script = `trap "" TERM; sh -c 'trap "" TERM; echo $$ >"$1"; sleep 1000; sleep 1000' sh "$1" & wait; sleep 1000`
    const late = yield* Effect.forkChild(
      Effect.flip(run(sh(script, folder, "late"), { timeout: "500 millis" })),
    )
    const began = yield* appears(folder, "late")
    yield* TestClock.adjust("500 millis")
    expect(yield* Fiber.join(late)).toMatchObject({ _tag: "ProgramTimedOut", after_ms: 500 })
    yield* vanishes(began)

    const fiber = yield* Effect.forkChild(run(sh(script, folder, "stopped")))
    const pid = yield* appears(folder, "stopped")
    expect(isAlive(pid)).toBe(true)
    yield* Fiber.interrupt(fiber)
    yield* vanishes(pid)
  }).pipe(Effect.provide(layer)),
)

live(
  "two hundred runs leave no descriptor and no zombie",
  layer,
  Effect.gen(function* () {
    const { run } = yield* Processes
    const open = () => fs.readdirSync("/proc/self/fd").length
    yield* run(sh("true"))
    const before = open()
    yield* Effect.forEach(Array.from({ length: 200 }), () => run(sh("echo x; echo y >&2")), {
      concurrency: 8,
    })
    Bun.gc(true)
    expect(open() - before).toBeLessThan(10)
    const { stdout } = yield* run({
      program: "ps",
      args: ["-o", "state=", "--ppid", String(process.pid)],
      cwd: "/",
    })
    expect(stdout).not.toContain("Z")
  }),
)
