/** What `[plugin.NAME.config]` may say of Claude Code. */
import { Schema } from "effect"
import { Adapter, Field } from "hub/plugin"

export const Config = Schema.Struct({
  ...Adapter.fields({
    program: "claude",
    model: "Model for requests that name none: `opus`, `sonnet`, or a full id.",
    env: "`CLAUDE_CONFIG_DIR` of a second account",
  }),
  hub_tools: Adapter.hubTools("Claude Code"),
  max_retries: Field.withDefault(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
    1,
    "How often Claude Code itself repeats a refused request. Its own default of 10 takes three minutes, while a fallback waits.",
  ),
  allowed_tools: Field.withDefault(
    Schema.Array(Schema.NonEmptyString),
    [],
    'Tools that need no permission, in Claude Code\'s own writing: `"mcp__hub"`, `"Bash(git *)"`.',
  ),
  max_turns: Field.optional(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })),
    "Turns after which Claude Code gives up.",
  ),
})
export type Config = typeof Config.Type
