import { Effect, Schema } from "effect"
import { Field, Operation, Plugin } from "hub/plugin"

export default Plugin.define({
  id: "tool-greeting",
  summary: "Greets.",
  config: Schema.Struct({ word: Field.withDefault(Schema.String, "hello", "What it says first.") }),
  setup: Effect.fn("tool-greeting.setup")(function* (config) {
    const greet = Operation.make({
      name: "greet",
      summary: "Greets somebody by name.",
      input: Schema.Struct({ name: Field.required(Schema.NonEmptyString, "Who is greeted.") }),
      output: Schema.Struct({ text: Schema.String }),
      readonly: true,
      run: ({ name }) => Effect.succeed({ text: `${config.word}, ${name}` }),
    })
    return { operations: [greet] }
  }),
})
