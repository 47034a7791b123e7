/** Waiting for the end of a run, or for a question of it, and telling meanwhile what happens in it. */
import { Duration, Effect, Stream } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import type { Progress, Talk } from "../plugin/Talk.ts"
import { Events, type RunEvent } from "../services/Events.ts"
import { Asking } from "./Asking.ts"
import { calm } from "./Calm.ts"
import { Runner } from "./Runner.ts"
import * as Text from "./Text.ts"

export interface Telling {
  readonly tell: Talk["progress"]
  /** Number of the last event that need not be told. */
  readonly after: number
}

/** No longer than the caller can bear. */
export const bounded = (seconds: number, { patience_seconds = seconds }: Caller): Duration.Duration =>
  Duration.seconds(Math.min(seconds, patience_seconds))

export const make = Effect.gen(function* () {
  const runner = yield* Runner
  const events = yield* Events
  const asking = yield* Asking

  /** Never ends; falls silent where the events cannot be read. */
  const told = (run_id: string, { after, tell }: Telling) =>
    events.follow(run_id, after).pipe(
      Stream.map(progressOf),
      Stream.filter((progress) => progress.message !== undefined),
      calm,
      Stream.runForEach(tell),
      Effect.ignore,
      Effect.andThen(Effect.never),
    )

  /** Returns when the run has ended or asks something, at the latest after `limit`. */
  return (run_id: string, limit: Duration.Duration, telling: Telling | undefined) => {
    const settled = Effect.raceFirst(runner.awaitEnd(run_id), asking.asks(run_id))
    const waited = telling === undefined ? settled : Effect.raceFirst(settled, told(run_id, telling))
    return Effect.asVoid(Effect.timeoutOption(waited, limit))
  }
})

const progressOf = (event: RunEvent): Progress => ({ done: event.seq, message: Text.happening(event) })
