/** What `[plugin.NAME.config]` may say of Qwen Code. */
import { Schema } from "effect"
import { Field } from "hub/plugin"

const Text = Schema.NonEmptyString

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Text, "qwen", "The program: a name on PATH, or an absolute path."),
  model: Field.optional(Text, "Model for requests that name none."),
  auth_type: Field.optional(
    Text,
    "How it logs in, when its own settings do not say: `openai`, `qwen-oauth`.",
  ),
  args: Field.withDefault(Schema.Array(Schema.String), [], "More arguments."),
  env: Field.withDefault(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Environment of the program: `OPENAI_BASE_URL` of another server, for example.",
  ),
})
export type Config = typeof Config.Type
