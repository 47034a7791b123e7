/** What `[plugin.NAME.config]` may say of Codex. */
import { Schema } from "effect"
import { Field } from "hub/plugin"

const Text = Schema.NonEmptyString

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Text, "codex", "The program: a name on PATH, or an absolute path."),
  model: Field.optional(Text, "Model for requests that name none."),
  profile: Field.optional(Text, "Profile of Codex's own config.toml."),
  settings: Field.withDefault(
    Schema.Record(Schema.String, Schema.Unknown),
    {},
    'Keys of Codex\'s config.toml for these runs only: `{ model_reasoning_effort = "high" }`. Dotted names go deeper.',
  ),
  hub_tools: Field.withDefault(
    Schema.Boolean,
    false,
    "Gives it the hub's own tools, so that it can hand on work. Not needed where the hub is registered with Codex.",
  ),
  args: Field.withDefault(Schema.Array(Schema.String), [], "More arguments of `codex exec`."),
  env: Field.withDefault(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Environment of the program: `CODEX_HOME` of a second account, for example.",
  ),
})
export type Config = typeof Config.Type
