/** What `[plugin.NAME.config]` may say of Codex. */
import { Schema } from "effect"
import { Adapter, Field } from "hub/plugin"

export const Config = Schema.Struct({
  ...Adapter.fields({
    program: "codex",
    command: "codex exec",
    env: "`CODEX_HOME` of a second account",
  }),
  hub_tools: Adapter.hubTools("Codex"),
  profile: Field.optional(Schema.NonEmptyString, "Profile of Codex's own config.toml."),
  settings: Field.withDefault(
    Schema.Record(Schema.String, Schema.Unknown),
    {},
    'Keys of Codex\'s config.toml for these runs only: `{ model_reasoning_effort = "high" }`. Dotted names go deeper.',
  ),
})
export type Config = typeof Config.Type
