/** Programs that outlive the hub: a shell of a few lines starts each one once and writes down how it ended. */
import { accessSync, constants } from "node:fs"
import { Clock, Duration, Effect, Layer, Option, Semaphore } from "effect"
import { type Exit, type Spec, SpoolFailed, type Supervised, Supervisor } from "../services/Supervisor.ts"
import { ProgramMissing } from "../services/Processes.ts"
import * as Children from "./supervisor/Children.ts"
import * as Command from "./supervisor/Command.ts"
import * as End from "./supervisor/End.ts"
import { follow } from "./supervisor/Follow.ts"
import * as Proc from "./supervisor/Proc.ts"
import * as Spool from "./supervisor/Spool.ts"
import * as Watch from "./supervisor/Watch.ts"
import * as Wrapper from "./supervisor/Wrapper.ts"

const make = Effect.sync(() => {
  const turn = Semaphore.makeUnsafe(1)

  const find = Effect.fn("Supervisor.find")(function* (dir: string) {
    if (Spool.claim(dir) === undefined) return Option.none<Supervised>()
    return Option.some(supervised(yield* settled(dir), true))
  })

  const start = Effect.fn("Supervisor.start")(function* (spec: Spec) {
    const before = yield* find(spec.dir)
    if (Option.isSome(before)) return before.value
    const env = { ...Command.environment(spec.env), HUB_RUN: spec.run_id, HUB_ATTEMPT: spec.dir }
    const argv = yield* Command.prepare(spec, env)
    const stdin = yield* prepare(spec)
    return yield* Effect.scoped(begin(spec, stdin, argv, env, turn))
  })

  return Supervisor.of({
    start,
    find,
    sweep: (run_id) => End.killMarked("HUB_RUN", run_id),
    sweepAttempt: (dir) => End.killMarked("HUB_ATTEMPT", dir),
  })
})

export const layer: Layer.Layer<Supervisor> = Layer.effect(Supervisor, make)

/** Makes the folder and gives the path of what the program reads on stdin. */
const prepare = (spec: Spec): Effect.Effect<string, SpoolFailed> =>
  Effect.try({
    try: () => {
      if (!spec.dir.startsWith("/") || spec.dir.includes("\0")) throw new Error("it is not an absolute path")
      const { stdin } = spec
      Spool.prepare(spec.dir, stdin !== undefined && "text" in stdin ? stdin.text : undefined)
      if (stdin === undefined) return "/dev/null"
      if ("text" in stdin) return `${spec.dir}/in`
      accessSync(stdin.file, constants.R_OK)
      return stdin.file
    },
    catch: (cause) =>
      new SpoolFailed({ dir: spec.dir, detail: cause instanceof Error ? cause.message : String(cause) }),
  })

/** Starts the wrapper and waits until the folder says whose start this is. */
const begin = Effect.fnUntraced(function* (
  spec: Spec,
  stdin: string,
  argv: ReadonlyArray<string>,
  env: Command.Environment,
  turn: Semaphore.Semaphore,
) {
  const bell = yield* Watch.folder(spec.dir)
  const child = yield* spawn(spec, Wrapper.argv({ ...spec, stdin, argv }), env, turn)
  let status: number | undefined
  void child.exited.then((code) => {
    status = code
    bell.ring()
  })
  for (;;) {
    // Asked before the reading: a wrapper that has ended has written what it had to write.
    const ended = status
    const claim = Spool.claim(spec.dir)
    if (claim?.pid === child.pid) return supervised({ dir: spec.dir, claim, child }, false, spec.grace)
    if (claim || (claim === null && ended !== undefined)) return supervised(yield* settled(spec.dir), true)
    if (ended !== undefined) return yield* new SpoolFailed({ dir: spec.dir, detail: refusal(ended) })
    if (Spool.isRemoved(spec.dir)) return yield* orphaned(spec.dir, child.pid)
    // The wrapper is between two commands then, and a bell would tell of the second only with its echo.
    yield* claim === null ? Proc.pause(1) : bell.wait
  }
})

/** Nobody will find this start again: what there is of it ends. */
const orphaned = Effect.fnUntraced(function* (dir: string, pid: number) {
  Proc.send(-pid, "SIGKILL")
  yield* End.killMarked("HUB_ATTEMPT", dir)
  return yield* new SpoolFailed({ dir, detail: "the folder was removed" })
})

const refusal = (status: number): string => {
  if (status === Wrapper.status.no_pipe) return "a named pipe cannot be made there"
  return status === Wrapper.status.full ? "no space left on the device" : "nothing can be written there"
}

/** One start at a time: each blocks the loop for a millisecond, and others want their turn between two of them. */
const spawn = (spec: Spec, argv: Array<string>, env: Command.Environment, turn: Semaphore.Semaphore) =>
  Effect.try({
    try: () => {
      const child = Bun.spawn(argv, {
        cwd: spec.cwd,
        env,
        detached: true,
        stdio: ["ignore", "ignore", "ignore"],
      })
      // The hub may end while its attempts go on.
      child.unref()
      Children.add(child)
      return child
    },
    catch: (cause) => new ProgramMissing({ program: spec.program, detail: Command.sentence(cause) }),
  }).pipe(Effect.tap(Effect.yieldNow), turn.withPermits(1))

/** The claim once it is whole, or as it stays because its writer is gone. */
const settled = Effect.fnUntraced(function* (dir: string) {
  const claim = Spool.claim(dir) ?? null
  if (claim !== null) return { dir, claim }
  const begun: Watch.Begun = { dir, claim }
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const watch = yield* Watch.make(begun)
      for (;;) {
        const gone = watch.gone()
        const found = Spool.claim(dir) ?? null
        if (found !== null || gone) return { dir, claim: found }
        yield* watch.changed
      }
    }),
  )
})

const supervised = (
  begun: Watch.Begun,
  adopted: boolean,
  grace = begun.claim?.grace ?? no_time,
): Supervised => {
  const { dir } = begun
  const started_at = Spool.stat(dir, "claim").at
  const end = End.end(begun, grace)
  return {
    pid: begun.claim?.pid ?? 0,
    started_at,
    adopted,
    follow: (options) => follow(begun, options),
    last_output_at: Effect.sync(() => lastOutput(dir) ?? started_at),
    exit: exit(begun, end),
    end,
    spool: (stream) => {
      const name = Spool.nameOf(stream)
      return Effect.sync(() => ({ path: `${dir}/${name}`, bytes: Spool.stat(dir, name).bytes }))
    },
    tail: (stream, max_bytes) => Effect.sync(() => Spool.tail(dir, Spool.nameOf(stream), max_bytes)),
  }
}

const no_time = Duration.zero

const lastOutput = (dir: string): number | undefined => {
  const written = [Spool.stat(dir, "out"), Spool.stat(dir, "err")].filter(({ bytes }) => bytes > 0)
  return written.length === 0 ? undefined : Math.max(...written.map(({ at }) => at))
}

/** A lost start is written down as lost when it is found out, after what is left of it has been ended. */
const exit = (begun: Watch.Begun, end: Effect.Effect<void>): Effect.Effect<Exit> =>
  Effect.suspend(() => {
    const known = Spool.exit(begun.dir)
    return known === undefined ? Effect.scoped(awaited(begun, end)) : Effect.succeed(known)
  })

const awaited = Effect.fnUntraced(function* (begun: Watch.Begun, end: Effect.Effect<void>) {
  const watch = yield* Watch.make(begun)
  for (;;) {
    const gone = watch.gone()
    const known = Spool.exit(begun.dir)
    if (known !== undefined) return known
    if (gone) break
    yield* watch.changed
  }
  yield* end
  Spool.conclude(begun.dir, "- lost")
  const ended_at = yield* Clock.currentTimeMillis
  return Spool.exit(begun.dir) ?? { code: null, signal: null, timed_out: false, lost: true, ended_at }
})
