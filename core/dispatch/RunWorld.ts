/** The interpreter's world for a real run: attempts of programs, results in the journal, events in the database. */
import { Effect, Schema } from "effect"
import type { Permission } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { World } from "../pipeline/World.ts"
import { Engine } from "../services/Engine.ts"
import { Events } from "../services/Events.ts"
import { Attempts } from "./Attempt.ts"
import { Cooldowns } from "./Cooldowns.ts"
import { Store } from "./Store.ts"

/** A recorded result: failures are results too. */
type Kept<A> = { readonly value: A } | { readonly failure: Failure.FailureFacts }

const recorded = <S extends Schema.Codec<unknown, unknown>>(value: S) =>
  Schema.Union([Schema.Struct({ value }), Schema.Struct({ failure: Failure.FailureFacts })]) as Schema.Codec<
    Kept<S["Type"]>,
    unknown
  >

export const make = Effect.gen(function* () {
  const engine = yield* Engine
  const events = yield* Events
  const attempts = yield* Attempts
  const cooldowns = yield* Cooldowns
  const store = yield* Store

  const once = <S extends Schema.Codec<unknown, unknown>>(
    run_id: string,
    name: string,
    result: S,
    effect: Effect.Effect<S["Type"], Failure.Failure>,
  ): Effect.Effect<S["Type"], Failure.Failure> => {
    const kept = Effect.match(effect, {
      onSuccess: (value): Kept<S["Type"]> => ({ value }),
      onFailure: (failure): Kept<S["Type"]> => ({ failure: failure.facts }),
    })
    return Effect.flatMap(
      Effect.orDie(engine.once(run_id, `once:${name}`, recorded(result), kept)),
      (outcome) =>
        "failure" in outcome
          ? Effect.fail(new Failure.Failure(outcome.failure))
          : Effect.succeed(outcome.value),
    )
  }

  /** `most`: what its agents may do at most. */
  return (run: World["run"], most?: Permission): World => {
    const { cwd, run_id } = run
    return {
      run,
      once: (name, result, effect) => once(run_id, name, result, effect),
      sleep: (name, duration) => Effect.orDie(engine.sleep(run_id, `sleep:${name}`, duration)),
      attempt: (name, step, call, limits) => attempts.agent({ run_id, cwd, name, step, limits, most }, call),
      command: (name, step, command, limits) =>
        attempts.command({ run_id, cwd, name, step, limits }, command),
      cooling: (agent, model) => Effect.orDie(cooldowns.of(agent, model)),
      session: (agent, from) =>
        Effect.orDie(
          from === "continue"
            ? store.sessionInFolder(agent, cwd)
            : store.sessionOfStep(run_id, from.step, agent),
        ),
      say: (name, drafts) => Effect.orDie(Effect.asVoid(events.appendOnce(run_id, `say:${name}`, drafts))),
    }
  }
})
