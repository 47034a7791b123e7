/** `switch`: the first case whose condition holds. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { coreKind } from "../Frame.ts"

const Case = Schema.Struct({
  when: Field.required(Schema.Record(Schema.String, Schema.Unknown), "The condition table of this case."),
  step: Field.required(Schema.String, "The step to run when it holds."),
})

export const switch_ = coreKind({
  type: "switch",
  summary: "Runs the step of the first case that holds; is skipped when none does and there is no `else`.",
  config: Schema.Struct({
    cases: Field.required(Schema.NonEmptyArray(Case), "The cases, asked in order."),
    else: Field.optional(Schema.String, "The step to run when no case holds."),
  }),
  steps: (config) => [
    ...config.cases.map(({ step }, index) => ({ at: ["cases", index, "step"], step })),
    ...(config.else === undefined ? [] : [{ at: ["else"], step: config.else }]),
  ],
  run: Effect.fnUntraced(function* (config, inside) {
    for (const [index, { step }] of config.cases.entries()) {
      const where = `cases[${index}].when`
      const when = inside.self.whens.get(where)
      if (when === undefined)
        return yield* Effect.die(new Error(`${inside.self.at}: ${where} was not resolved`))
      if ((yield* inside.holds(`case${index}`, when)).holds) return yield* inside.enter(inside.frame, step)
    }
    return config.else === undefined ? undefined : yield* inside.enter(inside.frame, config.else)
  }),
})
