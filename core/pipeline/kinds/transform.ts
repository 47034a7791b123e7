/** `transform`: a text made from what is known so far. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { coreKind } from "../Frame.ts"

export const transform = coreKind({
  type: "transform",
  summary: "Fills a template; its answer is the filled text.",
  config: Schema.Struct({
    template: Field.required(Schema.String, "The text, with `{{ … }}` where values go."),
  }),
  templates: ({ template }) => [{ at: ["template"], text: template }],
  run: ({ template }, inside) => Effect.map(inside.render(template), (text) => ({ text, by: inside.label })),
})
