/** What `[plugin.NAME.config]` may say of droid. */
import { Schema } from "effect"
import { Adapter } from "hub/plugin"

export const Config = Schema.Struct(
  Adapter.fields({ program: "droid", command: "droid exec", env: "`FACTORY_API_KEY` of a second account" }),
)
export type Config = typeof Config.Type
