/** What `[plugin.NAME.config]` may say of Gemini CLI. */
import { Schema } from "effect"
import { Field } from "hub/plugin"

const Text = Schema.NonEmptyString

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Text, "gemini", "The program: a name on PATH, or an absolute path."),
  model: Field.optional(
    Text,
    "Model for requests that name none. Without any, Gemini CLI asks a small model first which one to take.",
  ),
  args: Field.withDefault(Schema.Array(Schema.String), [], "More arguments."),
  env: Field.withDefault(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Environment of the program: `GEMINI_CLI_HOME` of a second account, for example.",
  ),
})
export type Config = typeof Config.Type
