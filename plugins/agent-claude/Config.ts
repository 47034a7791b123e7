/** What `[plugin.NAME.config]` may say of Claude Code. */
import { Schema } from "effect"
import { Field } from "hub/plugin"

const Text = Schema.NonEmptyString

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Text, "claude", "The program: a name on PATH, or an absolute path."),
  model: Field.optional(Text, "Model for requests that name none: `opus`, `sonnet`, or a full id."),
  args: Field.withDefault(Schema.Array(Schema.String), [], "More arguments, before the prompt."),
  env: Field.withDefault(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Environment of the program: `CLAUDE_CONFIG_DIR` of a second account, for example.",
  ),
  max_retries: Field.withDefault(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
    1,
    "How often Claude Code itself repeats a refused request. Its own default of 10 takes three minutes, while a fallback waits.",
  ),
  allowed_tools: Field.withDefault(
    Schema.Array(Text),
    [],
    'Tools that need no permission, in Claude Code\'s own writing: `"mcp__hub"`, `"Bash(git *)"`.',
  ),
  hub_tools: Field.withDefault(
    Schema.Boolean,
    false,
    "Gives it the hub's own tools, so that it can hand on work. Not needed where the hub is registered with Claude Code.",
  ),
  max_turns: Field.optional(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })),
    "Turns after which Claude Code gives up.",
  ),
})
export type Config = typeof Config.Type
