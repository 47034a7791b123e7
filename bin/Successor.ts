/** A hub that is about to end while runs are open leaves them to one in the background. */
import { Effect, Ref, type Scope } from "effect"
import type { Runner } from "../core/dispatch/Runner.ts"
import type { Home } from "../core/services/Home.ts"

/** Works off what is open, then ends by itself. See `serve.ts`. */
export const command = "__run"

// The marks of a run would have the successor ended together with that run.
const environment = () => {
  const { HUB_ATTEMPT, HUB_RUN, ...rest } = process.env
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

/** Call before the home is held, so that it is free again when the successor starts; the result once the hub runs. */
export const prepare = (
  home: Home["Service"],
  self: ReadonlyArray<string>,
): Effect.Effect<
  (runner: Runner["Service"]) => Effect.Effect<void, never, Scope.Scope>,
  never,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const open = yield* Ref.make(0)
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(Ref.get(open), (runs) =>
        runs === 0 ? Effect.void : Effect.sync(() => spawn(home, self)),
      ),
    )
    return (runner) => Effect.addFinalizer(() => Effect.flatMap(runner.busy, (runs) => Ref.set(open, runs)))
  })
