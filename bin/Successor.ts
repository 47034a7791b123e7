/** A hub that is about to end while runs are open leaves them to one in the background. */
import { Effect, Ref, type Scope } from "effect"
import type { Runner } from "../core/dispatch/Runner.ts"
import type { Home } from "../core/services/Home.ts"

/** Works off what is open, then ends by itself. See `serve.ts`. */
export const command = "__run"

// The marks of a run would have the successor ended together with that run.
const environment = () => {
  const { HUB_ATTEMPT: _attempt, HUB_RUN: _run, ...rest } = process.env
  return rest
}

const spawn = (home: Home["Service"], self: ReadonlyArray<string>): void =>
  Bun.spawn([...self, command], {
    cwd: home.path,
    env: { ...environment(), HUB_HOME: home.path },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  }).unref()

/** Asks a successor to end: it leaves its runs to whoever asked. */
export const stop = (pid: number): Effect.Effect<void> =>
  Effect.ignore(Effect.try(() => process.kill(pid, "SIGTERM")))

export interface HandOver {
  /** Counts what is open when the scope closes: before the rooms close, and once nobody can hand over work any more. */
  readonly count: (runner: Runner["Service"]) => Effect.Effect<void, never, Scope.Scope>
  /** Without it open runs wait for whoever starts the next hub. */
  readonly wanted: Effect.Effect<void>
}

/** Call before the home is held, so that it is free again when the successor starts. */
export const prepare = (
  home: Home["Service"],
  self: ReadonlyArray<string>,
): Effect.Effect<HandOver, never, Scope.Scope> =>
  Effect.gen(function* () {
    const open = yield* Ref.make(0)
    const isWanted = yield* Ref.make(false)
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        if ((yield* Ref.get(isWanted)) && (yield* Ref.get(open)) > 0) spawn(home, self)
      }),
    )
    return {
      count: (runner) =>
        Effect.addFinalizer(() => Effect.flatMap(runner.busy, (runs) => Ref.set(open, runs))),
      wanted: Ref.set(isWanted, true),
    }
  })
