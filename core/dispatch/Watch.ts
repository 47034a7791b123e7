/** The limits of one attempt: how long it may stay silent, and how long an early sign of failure may stand unanswered. */
import { Clock, Duration, Effect, Option, Queue } from "effect"
import type { AgentEvent } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Supervised } from "../services/Supervisor.ts"

/**
 * Ends with the failure once nothing was written for so long. Never ends without a limit.
 *
 * Time is counted by the clock that nobody can set: one that is put forward, or a machine that sleeps, silences nobody. An
 * adopted attempt has its whole limit again.
 */
export const silence = (
  supervised: Pick<Supervised, "last_output_at">,
  limit: Duration.Duration | undefined,
): Effect.Effect<Failure.Failure> => {
  if (limit === undefined) return Effect.never
  const millis = Duration.toMillis(limit)
  const look = (before?: Look): Effect.Effect<Failure.Failure> =>
    Effect.gen(function* () {
      const seen = { output: yield* supervised.last_output_at, ...(yield* times) }
      const quiet = before === undefined ? 0 : quietAt(seen, before)
      if (quiet >= millis) return Failure.of("stalled", `No output for ${Duration.format(limit)}.`)
      yield* Effect.sleep(millis - quiet)
      return yield* look({ ...seen, quiet })
    })
  return look()
}

interface Moment {
  /** What the machine says the time is: the times of files are in it. */
  readonly wall: number
  /** Milliseconds that have passed since some moment. */
  readonly passed: number
}

interface Look extends Moment {
  readonly output: number
  readonly quiet: number
}

const times: Effect.Effect<Moment> = Effect.zipWith(
  Clock.currentTimeMillis,
  Clock.monotonicTimeNanos,
  (wall, nanos) => ({ wall, passed: Number(nanos) / 1e6 }),
)

/** A clock that differs by more than this from what has passed was set meanwhile. */
const slack_ms = 1_000

const quietAt = (now: Omit<Look, "quiet">, before: Look): number => {
  const passed = now.passed - before.passed
  if (now.output === before.output) return before.quiet + passed
  const isSet = Math.abs(now.wall - before.wall - passed) > slack_ms
  return isSet ? 0 : Math.min(Math.max(0, now.wall - now.output), passed)
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
      const since = (yield* times).passed
      const next = yield* Effect.timeoutOption(Queue.take(signs), left)
      if (Option.isNone(next)) return alarm.failure
      if (next.value === "progress") return yield* calm
      // A second sign does not buy more time: retries inside the agent repeat it for minutes.
      const spent = (yield* times).passed - since
      const rest = Duration.millis(Math.max(0, Duration.toMillis(left) - spent))
      return yield* alarmed(next.value, Duration.min(rest, standing(next.value, limit)))
    })
  return calm
}
