/** What `[plugin.NAME.config]` may say of Gemini CLI. */
import { Schema } from "effect"
import { Adapter } from "hub/plugin"

export const Config = Schema.Struct(
  Adapter.fields({
    program: "gemini",
    model:
      "Model for requests that name none. Without any, Gemini CLI asks a small model first which one to take.",
    env: "`GEMINI_CLI_HOME` of a second account",
  }),
)
export type Config = typeof Config.Type
