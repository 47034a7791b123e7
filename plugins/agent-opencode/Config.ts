/** What `[plugin.NAME.config]` may say of opencode. */
import { Schema } from "effect"
import { Field } from "hub/plugin"

const Text = Schema.NonEmptyString

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Text, "opencode", "The program: a name on PATH, or an absolute path."),
  model: Field.optional(Text, "Model for requests that name none, as `provider/model`."),
  attach: Field.optional(
    Text,
    "URL of a running `opencode serve`, to work through it: it starts in half the time.",
  ),
  hub_tools: Field.withDefault(
    Schema.Boolean,
    false,
    "Gives it the hub's own tools, so that it can hand on work. Not needed where the hub is registered with opencode.",
  ),
  args: Field.withDefault(Schema.Array(Schema.String), [], "More arguments of `opencode run`."),
  env: Field.withDefault(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Environment of the program: `OPENCODE_CONFIG` of other settings, for example.",
  ),
})
export type Config = typeof Config.Type
