/** The limits of one attempt: how long it may stay silent, and how long an early sign of failure may stand unanswered. */
import { Clock, Duration, Effect, Option, Queue } from "effect"
import type { AgentEvent } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Supervised } from "../services/Supervisor.ts"

/** Ends with the failure once nothing was written for so long. Never ends without a limit. */
export const silence = (
  supervised: Pick<Supervised, "last_output_at">,
  limit: Duration.Duration | undefined,
): Effect.Effect<Failure.Failure> => {
  if (limit === undefined) return Effect.never
  const millis = Duration.toMillis(limit)
  const look: Effect.Effect<Failure.Failure> = Effect.gen(function* () {
    const quiet = (yield* Clock.currentTimeMillis) - (yield* supervised.last_output_at)
    if (quiet >= millis) return Failure.of("stalled", `No output for ${Duration.format(limit)}.`)
    // A clock that jumped back makes the quiet spell negative: look again after one limit at the latest.
    yield* Effect.sleep(Math.min(millis, millis - quiet))
    return yield* look
  })
  return look
}

/** What the reader of the output tells: a sign of failure, or that the agent goes on. */
export type Sign =
  | { readonly failure: Failure.Failure; /** No progress can undo it. */ readonly at_once?: boolean }
  | "progress"

const quietTypes = new Set(["signal", "output", "reasoning", "session_started"])

/** What an event says about the attempt's health; `undefined`: nothing. */
export const signOf = (event: AgentEvent): Sign | undefined => {
  if (event.type === "signal")
    return { failure: new Failure.Failure(event.data as unknown as Failure.FailureFacts) }
  return quietTypes.has(event.type) ? undefined : "progress"
}

type Alarm = Exclude<Sign, "progress">

const standing = ({ at_once, failure }: Alarm, patience: Duration.Duration): Duration.Duration =>
  at_once === true || (failure.retry_after_ms ?? 0) > Duration.toMillis(patience) ? Duration.zero : patience

/** Ends with the failure of a sign that no progress followed within `patience`, or that names a longer wait than that. */
export const patience = (
  signs: Queue.Dequeue<Sign>,
  limit: Duration.Duration,
): Effect.Effect<Failure.Failure> => {
  const calm: Effect.Effect<Failure.Failure> = Effect.flatMap(Queue.take(signs), (sign) =>
    sign === "progress" ? calm : alarmed(sign, standing(sign, limit)),
  )
  const alarmed = (alarm: Alarm, left: Duration.Duration): Effect.Effect<Failure.Failure> =>
    Effect.gen(function* () {
      const since = yield* Clock.currentTimeMillis
      const next = yield* Effect.timeoutOption(Queue.take(signs), left)
      if (Option.isNone(next)) return alarm.failure
      if (next.value === "progress") return yield* calm
      // A second sign does not buy more time: retries inside the agent repeat it for minutes.
      const spent = (yield* Clock.currentTimeMillis) - since
      const rest = Duration.millis(Math.max(0, Duration.toMillis(left) - spent))
      return yield* alarmed(next.value, Duration.min(rest, standing(next.value, limit)))
    })
  return calm
}
