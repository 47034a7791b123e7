/** `pipeline`: another pipeline as one step. */
import { Effect, Predicate, Schema } from "effect"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import { coreKind, type Frame, type Inside, inOrder } from "../Frame.ts"
import { checkInput } from "../Input.ts"
import type { Plan } from "../Plan.ts"

/** Strings, and strings in lists, are templates. Its steps are shown with this step's id before theirs: `ship/write`. */
export const pipeline = coreKind({
  type: "pipeline",
  summary: "Runs another pipeline; its answer is that pipeline's.",
  config: Schema.Struct({
    pipeline: Field.required(Schema.NonEmptyString, "The id of the other pipeline."),
    input: Field.withDefault(
      Schema.Record(Schema.String, Schema.Unknown),
      {},
      "Its inputs by name; templates are filled from this pipeline.",
    ),
  }),
  templates: ({ input }) =>
    Object.entries(input).flatMap(([name, value]) =>
      Array.isArray(value)
        ? value.flatMap((one, index) => template(["input", name, index], one))
        : template(["input", name], value),
    ),
  run: Effect.fnUntraced(function* (config, inside) {
    const plan = inside.frame.plan.pipelines.get(config.pipeline)
    if (plan === undefined)
      return yield* Effect.die(new Error(`${inside.self.at}: pipeline "${config.pipeline}" was not resolved`))
    return yield* inOrder(inside.enter, yield* frameOf(plan, config.input, inside), plan.run)
  }),
})

const template = (at: ReadonlyArray<string | number>, value: unknown) =>
  typeof value === "string" ? [{ at, text: value }] : []

const frameOf = Effect.fnUntraced(function* (
  plan: Plan,
  given: Readonly<Record<string, unknown>>,
  inside: Inside,
): Effect.fn.Return<Frame, Failure.Failure> {
  const filled = yield* Effect.forEach(Object.entries(given), ([name, value]) =>
    Effect.map(filledValue(value, inside), (one) => [name, one] as const),
  )
  const input = yield* Effect.mapError(checkInput(plan, Object.fromEntries(filled), ""), (refused) =>
    Failure.of("bad_output", refused.message),
  )
  return {
    ...inside.frame,
    plan,
    input,
    prefix: `${inside.label}/`,
    answers: new Map(),
    outputs: new Map(),
    loop: undefined,
  }
})

const filledValue = (value: unknown, inside: Inside): Effect.Effect<unknown, Failure.Failure> => {
  if (Array.isArray(value)) return Effect.forEach(value, (one) => filledValue(one, inside))
  return Predicate.isString(value) ? inside.render(value) : Effect.succeed(value)
}
