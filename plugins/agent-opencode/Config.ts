/** What `[plugin.NAME.config]` may say of opencode. */
import { Schema } from "effect"
import { Adapter, Field } from "hub/plugin"

export const Config = Schema.Struct({
  ...Adapter.fields({
    program: "opencode",
    command: "opencode run",
    model: "Model for requests that name none, as `provider/model`.",
    env: "`OPENCODE_CONFIG` of other settings",
  }),
  hub_tools: Adapter.hubTools("opencode"),
  attach: Field.optional(
    Schema.NonEmptyString,
    "URL of a running `opencode serve`, to work through it: it starts in half the time.",
  ),
})
export type Config = typeof Config.Type
