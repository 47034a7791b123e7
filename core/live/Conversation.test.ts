import { expect } from "bun:test"
import { Effect, Exit, Fiber, Option, Queue, Scope, Stream } from "effect"
import { Processes } from "../services/Processes.ts"
import { processesOf } from "../testing/processes.ts"
import { live, tempHome } from "../testing/effect.ts"
import { layer } from "./Processes.ts"

const sh = (script: string) => ({ program: "sh", args: ["-c", script], cwd: "/" })

const opened = (script: string, run_id?: string) =>
  Effect.flatMap(Processes, ({ open }) =>
    open(sh(script), run_id === undefined ? undefined : { run_id, dir: `/nowhere/${run_id}` }),
  )

/** What it says, for a dialogue. */
const heard = Effect.fnUntraced(function* (lines: Stream.Stream<string>) {
  const queue = yield* Queue.unbounded<string>()
  yield* Effect.forkScoped(Stream.runForEach(lines, (line) => Queue.offer(queue, line)))
  return { next: Queue.take(queue) }
})

live(
  "a dialogue, line by line, however long a line is",
  layer,
  Effect.gen(function* () {
    const { lines, write } = yield* opened('while read -r line; do echo "<$line>"; done')
    const { next } = yield* heard(lines)
    yield* write("grüße")
    expect(yield* next).toBe("<grüße>")
    const long = "x".repeat(1_000_000)
    yield* write(long)
    expect((yield* next).length).toBe(long.length + 2)
  }),
)

live(
  "one that has ended has said all, and is not hurt by more words",
  layer,
  Effect.gen(function* () {
    const { errors, exit, lines, write } = yield* opened("printf 'a\\nb'; echo why >&2; exit 3")
    expect(yield* Stream.runCollect(lines)).toEqual(["a", "b"])
    expect(yield* exit).toEqual({ code: 3, signal: null })
    expect(yield* Stream.runCollect(errors)).toEqual(["why"])
    yield* write("anybody?")
  }),
)

live(
  "a reader that comes late to what it wrote has all of it, though it has ended long ago",
  layer,
  Effect.gen(function* () {
    const { exit, lines } = yield* opened(
      "head -c 2000000 /dev/zero | tr '\\0' x | fold -w 50000; echo; echo end",
    )
    const seen = yield* Effect.forkChild(Stream.runCollect(lines))
    // This hub stands still again and again, and longer than it waits for who holds the output open.
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(() => Bun.sleepSync(150), 1)),
      (hog) => Effect.sync(() => clearInterval(hog)),
    )
    const [said] = yield* Effect.all([Fiber.join(seen), exit])
    expect([said.length, said.at(-1)]).toEqual([41, "end"])
  }),
)

live(
  "output that a grandchild holds open is not waited for",
  layer,
  Effect.gen(function* () {
    const { lines } = yield* opened("sleep 300 & echo said")
    expect(yield* Stream.runCollect(lines)).toEqual(["said"])
  }),
)

live(
  "nothing is left when its scope closes: not who ignores the question, nor who left the group",
  layer,
  Effect.gen(function* () {
    const run_id = `spoken-with-${process.pid}`
    const scope = yield* Scope.make()
    const { lines } = yield* Scope.provide(
      opened("trap '' TERM; setsid sleep 300 & sleep 300 & echo up; while :; do sleep 300; done", run_id),
      scope,
    )
    expect(yield* Stream.runHead(lines)).toEqual(Option.some("up"))
    // A process between its fork and its exec cannot be told yet.
    while (processesOf([run_id]).length < 3) yield* Effect.sleep("1 millis")
    yield* Scope.close(scope, Exit.void)
    expect(processesOf([run_id])).toEqual([])
  }),
)

live(
  "what is not there is told",
  layer,
  Effect.gen(function* () {
    const { open } = yield* Processes
    const missing = yield* Effect.flip(open({ program: "no-such-program", args: [], cwd: "/" }))
    expect(missing.message).toBe('cannot start "no-such-program": not found on PATH')
    const home = yield* tempHome
    const nowhere = yield* Effect.flip(open({ ...sh("true"), cwd: `${home}/none` }))
    expect(nowhere._tag).toBe("FolderUnusable")
  }),
)
