/** What `[plugin.NAME.config]` may say of an agent that speaks the Agent Client Protocol. */
import { Schema } from "effect"
import { Field } from "hub/plugin"
import { presets } from "./Presets.ts"

const Text = Schema.NonEmptyString
const names = Object.keys(presets) as [keyof typeof presets, ...ReadonlyArray<keyof typeof presets>]

const Rule = Schema.Struct({
  tool: Field.optional(
    Text,
    "The agent's name for the tool, or its kind: `read`, `search`, `edit`, `delete`, `move`, `execute`, `fetch`, `think`, `other`. `*` stands for any characters.",
  ),
  path: Field.optional(
    Text,
    "A glob, from the working folder unless it begins with `/`: `src/**`. A rule that allows asks that every path of the call fits it, any other that one does.",
  ),
  command: Field.optional(
    Text,
    "The whole command, where `*` stands for any characters: `git diff*`. A rule that allows only fits a command with the same shell operators (`;`, `|`, `>`, …) as its own.",
  ),
  decision: Field.required(Schema.Literals(["allow", "deny", "ask"]), "What is answered."),
})
export type Rule = typeof Rule.Type

export const Config = Schema.Struct({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  preset: Field.optional(
    Schema.Literals(names),
    "A program that is known: how it is started, and in which of its modes it asks. Without one, `program` says all.",
  ),
  program: Field.optional(
    Field.Program,
    "The program: a name on PATH, or an absolute path. The preset's own when left out.",
  ),
  args: Field.withDefault(Schema.Array(Schema.String), [], "Arguments, after those of the preset."),
  env: Field.withDefault(Field.Environment, {}, "Environment of the program."),
  model: Field.optional(Text, "Model for requests that name none."),
  mode: Field.optional(
    Text,
    "Mode of the agent, by its id, instead of the one that the preset has for a permission.",
  ),
  auth_method: Field.optional(
    Text,
    "How to log in, by the id that the agent offers, before a session begins. Only for ways that need no person.",
  ),
  hub_tools: Field.withDefault(
    Schema.Boolean,
    false,
    "Hands the hub's own tools to the agent, so that it can dispatch work itself.",
  ),
  answer_within: Field.withDefault(
    Field.Span,
    "30 minutes",
    "How long a question may stand before it is denied. The time does not count for the step's limits.",
  ),
  policy: Field.withDefault(
    Schema.Array(Rule),
    [],
    "Rules for what the agent asks. The first that fits decides; where none does, the step's `permission`.",
  ),
})
export type Config = typeof Config.Type
