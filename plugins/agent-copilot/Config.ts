/** What `[plugin.NAME.config]` may say of Copilot CLI. */
import { Schema } from "effect"
import { Adapter } from "hub/plugin"

export const Config = Schema.Struct({
  ...Adapter.fields({ program: "copilot", env: "`COPILOT_MODEL`, or a provider of your own" }),
  hub_tools: Adapter.hubTools("Copilot CLI"),
})
export type Config = typeof Config.Type
