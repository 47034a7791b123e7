/** The attempts of one step: each under its limits, repeated as `retry` grants. */
import { Clock, Duration, Effect, Random, Result, Schema } from "effect"
import * as Failure from "../plugin/Failure.ts"
import type { StepAnswer } from "../plugin/Step.ts"
import { added, AnswerRecord, apart, type Frame, merge, recordOf, say } from "./Frame.ts"
import type { PlanStep, Retry } from "./Plan.ts"
import * as Pause from "./Retry.ts"

/** Runs the step once. */
export type Body = (frame: Frame, step: PlanStep) => Effect.Effect<StepAnswer | undefined, Failure.Failure>

/** The first attempt, and as many more as `retry` grants. */
export const attempts = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  body: Body,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  for (let attempt = 1; ; attempt++) {
    const here = attempt === 1 ? frame : { ...frame, point: `${frame.point}~${attempt}` }
    const result = yield* Effect.result(limited(here, step, body))
    if (Result.isSuccess(result)) return result.success
    const again = yield* rest(here, step, result.failure, attempt)
    if (!again) return yield* result.failure
  }
})

const PauseRecord = Schema.NullOr(Schema.Struct({ pause_ms: Schema.Number, because: Schema.String }))

/** Waits before the next attempt. `false`: the failure stands. */
const rest = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  failure: Failure.Failure,
  attempt: number,
): Effect.fn.Return<boolean, Failure.Failure> {
  const { retry } = step.modifiers
  if (retry === undefined || !Pause.repeats(retry, failure, attempt)) return false
  const pause = yield* frame.world.once(`${frame.point}:pause`, PauseRecord, drawn(retry, failure, attempt))
  if (pause === null) return false
  yield* say(frame, step, "retry_scheduled", { attempt: attempt + 1, ...pause })
  yield* frame.world.sleep(`${frame.point}:rest`, Duration.millis(pause.pause_ms))
  yield* say(frame, step, "wait_ended", {})
  return true
})

const drawn = Effect.fnUntraced(function* (retry: Retry, failure: Failure.Failure, attempt: number) {
  const now = yield* Clock.currentTimeMillis
  return Pause.next(retry, failure, attempt, now, yield* Random.next) ?? null
})

/** These hand their limits to each attempt; around every other kind `timeout` is kept here. */
const keepsLimits = (step: PlanStep) =>
  step.kind.plugin === "core" && (step.type === "agent" || step.type === "verify")

const Timed = Schema.Struct({
  answer: Schema.NullOr(AnswerRecord),
  added: Schema.Record(Schema.String, AnswerRecord),
})

/** Under the step's `timeout`, which goes on while no hub lives. That it passed is recorded: what it ended is not asked again. */
const limited = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  body: Body,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const { timeout } = step.modifiers
  if (timeout === undefined || keepsLimits(step)) return yield* body(frame, step)
  const began = yield* frame.world.once(`${frame.point}:began`, Schema.Number, Clock.currentTimeMillis)
  const timed = yield* frame.world.once(
    `${frame.point}:ended`,
    Timed,
    within(frame, step, body, timeout, began),
  )
  merge(frame, timed.added)
  return timed.answer ?? undefined
})

const within = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  body: Body,
  timeout: Duration.Duration,
  began: number,
) {
  const inner = apart(frame)
  const left = Math.max(0, Duration.toMillis(timeout) - ((yield* Clock.currentTimeMillis) - began))
  const answer = yield* Effect.timeoutOrElse(body(inner, step), {
    duration: Duration.millis(left),
    orElse: () => Failure.of("timed_out", `It did not end within ${Duration.format(timeout)}.`),
  })
  return { answer: answer === undefined ? null : recordOf(answer), added: added(frame, inner) }
})
