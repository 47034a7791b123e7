/** `parallel`: steps side by side, until enough of them succeeded. */
import { Deferred, Effect, Result, Schema } from "effect"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import type { StepAnswer } from "../../plugin/Step.ts"
import { added, AnswerRecord, apart, coreKind, type Inside, merge, recordOf } from "../Frame.ts"

const Config = Schema.Struct({
  steps: Field.required(Schema.NonEmptyArray(Schema.String), "The steps to run side by side."),
  need: Field.withDefault(
    Schema.Union([Schema.Literals(["all", "any"]), Schema.Int.check(Schema.isGreaterThan(0))]),
    "all",
    "How many must succeed: `all`, `any` (one) or a number. The rest are ended once they did, or no longer can.",
  ),
  limit: Field.optional(
    Schema.Int.check(Schema.isGreaterThan(0)),
    "How many run at the same time. Left out: all of them.",
  ),
}).check(
  Schema.makeFilter(
    ({ need, steps }) =>
      typeof need !== "number" ||
      need <= steps.length || {
        path: ["need"],
        issue: `must be at most ${steps.length}, the number of steps`,
      },
  ),
)

/** A branch that came to an end. Without an answer and a failure it was skipped. */
const Ended = Schema.Struct({
  index: Schema.Int,
  answer: Schema.optionalKey(AnswerRecord),
  failure: Schema.optionalKey(Failure.FailureFacts),
  added: Schema.Record(Schema.String, AnswerRecord),
})
type Ended = typeof Ended.Type

/**
 * Its text is `id: answer` for each success, in the order of `steps`; a single success also gives its `by`.
 *
 * `all` asks every branch that is not skipped; when every branch is skipped, so is the step.
 * A branch sees the answers from before the step and its own, never those of its neighbours.
 */
export const parallel = coreKind({
  type: "parallel",
  summary: "Runs steps side by side; its answers are those of the steps that succeeded, by id.",
  config: Config,
  steps: ({ steps }) => steps.map((step, index) => ({ at: ["steps", index], step })),
  run: Effect.fnUntraced(function* (config, inside) {
    // Which branches came to an end first is chance, so it is recorded before anything follows from it.
    const outcome = Schema.Array(Ended)
    const ended = yield* inside.frame.world.once(
      `${inside.frame.point}:outcome`,
      outcome,
      together(config, inside),
    )
    for (const one of ended) merge(inside.frame, one.added)
    yield* sayUnneeded(config, inside, ended)
    return yield* conclude(config, inside, ended)
  }),
})

const together = Effect.fnUntraced(function* (config: typeof Config.Type, inside: Inside) {
  const { point, world } = inside.frame
  const ended: Array<Ended> = []
  const settled = yield* Deferred.make<void>()
  // Each end is recorded, so that after a restart those that had ended are there before any other can end.
  const branch = Effect.fnUntraced(function* (id: string, index: number) {
    const end = yield* world.once(`${point}:end${index}`, Schema.NullOr(Ended), oneEnd(id, index))
    if (end !== null) ended.push(end)
    if (isSettled(config, ended)) yield* Deferred.succeed(settled, undefined)
  })
  const oneEnd = Effect.fnUntraced(function* (id: string, index: number) {
    // With a `limit`, the end of one branch frees its place before the rest are ended.
    if (isSettled(config, ended)) return null
    const frame = apart(inside.frame)
    const result = yield* Effect.result(inside.enter(frame, id))
    return { index, ...outcomeOf(result), added: added(inside.frame, frame) }
  })
  const all = Effect.forEach(config.steps, branch, {
    concurrency: config.limit ?? "unbounded",
    discard: true,
  })
  yield* Effect.raceFirst(all, Deferred.await(settled))
  return ended.toSorted((a, b) => a.index - b.index)
})

const outcomeOf = (result: Result.Result<StepAnswer | undefined, Failure.Failure>) => {
  if (Result.isFailure(result)) return { failure: result.failure.facts }
  return result.success === undefined ? {} : { answer: recordOf(result.success) }
}

const counts = (config: typeof Config.Type, ended: ReadonlyArray<Ended>) => {
  const succeeded = ended.filter(({ answer }) => answer !== undefined).length
  const failed = ended.filter(({ failure }) => failure !== undefined).length
  const skipped = ended.length - succeeded - failed
  const need = config.need === "all" ? config.steps.length - skipped : config.need === "any" ? 1 : config.need
  return { succeeded, skipped, need, possible: config.steps.length - skipped - failed }
}

/** Met, or out of reach. */
const isSettled = (config: typeof Config.Type, ended: ReadonlyArray<Ended>): boolean => {
  const { succeeded, need, possible } = counts(config, ended)
  return succeeded >= need || possible < need
}

const sayUnneeded = Effect.fnUntraced(function* (
  config: typeof Config.Type,
  inside: Inside,
  ended: ReadonlyArray<Ended>,
) {
  const { succeeded, need } = counts(config, ended)
  const because = succeeded >= need ? "enough other steps succeeded" : "too many other steps failed"
  const here = new Set(ended.map(({ index }) => index))
  for (const [index, id] of config.steps.entries()) {
    if (here.has(index)) continue
    const step = inside.frame.prefix + id
    yield* inside.frame.world.say(`${inside.frame.point}:unneeded${index}`, [
      { type: "step_skipped", step, data: { because } },
    ])
  }
})

const conclude = Effect.fnUntraced(function* (
  config: typeof Config.Type,
  inside: Inside,
  ended: ReadonlyArray<Ended>,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const { succeeded, skipped, need } = counts(config, ended)
  if (skipped === config.steps.length) return undefined
  if (succeeded < need) return yield* tooFew(config, inside, ended)
  const given = ended.flatMap(({ index, answer }) =>
    answer === undefined ? [] : [[config.steps[index]!, answer] as const],
  )
  return {
    text: given.map(([id, { text }]) => `${id}: ${text}`).join("\n\n"),
    by: given.length === 1 ? given[0]![1].by : inside.label,
    answers: Object.fromEntries(given.map(([id, { text }]) => [id, text])),
  }
})

const tooFew = (config: typeof Config.Type, inside: Inside, ended: ReadonlyArray<Ended>) => {
  const failures = ended.flatMap(({ index, failure }) => (failure === undefined ? [] : [{ index, failure }]))
  const said = failures.map(
    ({ index, failure }) => `${config.steps[index]}: ${failure.class} (${failure.message})`,
  )
  const { succeeded, need } = counts(config, ended)
  const message = `${succeeded} of ${need} steps succeeded${said.length === 0 ? "" : `: ${said.join("; ")}`}.`
  return Failure.of(failures.at(-1)?.failure.class ?? "refused", message, {
    step: inside.label,
    tried: failures.flatMap(({ failure }) => failure.tried ?? [failure]),
  })
}
