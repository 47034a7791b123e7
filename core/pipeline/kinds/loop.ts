/** `loop`: a step again and again, until a check passes. */
import { Effect, Result, Schema } from "effect"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import { coreKind, type Frame, type Inside } from "../Frame.ts"

const Config = Schema.Struct({
  step: Field.required(Schema.String, "The step of each round."),
  until: Field.required(Schema.String, "A verify step: the loop ends when it passes."),
  times: Field.required(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    "Rounds at most; without a passed check after the last one the loop has failed.",
  ),
})

/**
 * Each round sees `{{ loop.round }}` and `{{ loop.check }}`, what the last check printed.
 *
 * Any failure but a check that does not pass ends the loop with that failure; a check that is skipped passes.
 */
export const loop = coreKind({
  type: "loop",
  summary: "Repeats a step until a verify step passes; its answer is the step's last.",
  config: Config,
  steps: ({ step, until }) => [
    { at: ["step"], step },
    { at: ["until"], step: until },
  ],
  run: Effect.fnUntraced(function* (config, inside) {
    let check = ""
    for (let round = 1; round <= config.times; round++) {
      const frame = roundOf(inside.frame, round, check)
      const answer = yield* inside.enter(frame, config.step)
      const checked = yield* Effect.result(inside.enter(frame, config.until))
      if (Result.isSuccess(checked)) return answer
      if (checked.failure.class !== "verification_failed") return yield* checked.failure
      check = frame.outputs.get(config.until) ?? checked.failure.message
      if (round === config.times) return yield* spent(config, inside, checked.failure)
    }
    return undefined
  }),
})

const roundOf = (frame: Frame, round: number, check: string): Frame => ({
  ...frame,
  point: `${frame.point}@${round}`,
  loop: { round, check },
})

const spent = (config: typeof Config.Type, inside: Inside, last: Failure.Failure) =>
  Failure.of(
    "verification_failed",
    `"${config.until}" did not pass in ${config.times} round${config.times === 1 ? "" : "s"}: ${last.message}`,
    { step: inside.label, evidence: last.evidence ?? [] },
  )
