/** What `[plugin.NAME.config]` may say of Qwen Code. */
import { Schema } from "effect"
import { Adapter, Field } from "hub/plugin"

export const Config = Schema.Struct({
  ...Adapter.fields({ program: "qwen", env: "`OPENAI_BASE_URL` of another server" }),
  hub_tools: Adapter.hubTools("Qwen Code"),
  auth_type: Field.optional(
    Schema.NonEmptyString,
    "How it logs in, when its own settings do not say: `openai`, `qwen-oauth`.",
  ),
})
export type Config = typeof Config.Type
