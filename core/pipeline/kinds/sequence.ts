/** `sequence`: steps one after the other. */
import { Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { coreKind, inOrder } from "../Frame.ts"

export const sequence = coreKind({
  type: "sequence",
  summary: "Runs steps one after the other; its answer is that of the last one that was not skipped.",
  config: Schema.Struct({
    steps: Field.required(Schema.NonEmptyArray(Schema.String), "The ids of the steps, in order."),
  }),
  steps: ({ steps }) => steps.map((step, index) => ({ at: ["steps", index], step })),
  run: ({ steps }, inside) => inOrder(inside.enter, inside.frame, steps),
})
