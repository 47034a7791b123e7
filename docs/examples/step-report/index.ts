import { Effect, Schema } from "effect"
import { Field, Plugin, Step } from "hub/plugin"

/** `- a` for each line that says something. */
export const bullets = (text: string): string =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `- ${line.trim()}`)
    .join("\n")

export default Plugin.define({
  id: "step-report",
  summary: "A step that makes a list of lines.",
  config: Schema.Struct({ title: Field.withDefault(Schema.String, "Report", "Stands above the list.") }),
  setup: (config) =>
    Effect.succeed({
      steps: [
        Step.kind({
          type: "report",
          summary: "Makes a list of the lines of a text.",
          config: Schema.Struct({ of: Field.required(Schema.String, "The text: a template.") }),
          templates: ({ of }) => [{ at: ["of"], text: of }],
          run: ({ of }, context) =>
            Effect.map(context.render(of), (text) => ({ text: `${config.title}\n${bullets(text)}` })),
        }),
      ],
    }),
})
