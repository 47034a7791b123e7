/** Recipes for more agents, as text inside the program. */
import aider from "../plugins/agent-command/recipes/aider.toml" with { type: "text" }
import amp from "../plugins/agent-command/recipes/amp.toml" with { type: "text" }
import auggie from "../plugins/agent-command/recipes/auggie.toml" with { type: "text" }
import crush from "../plugins/agent-command/recipes/crush.toml" with { type: "text" }
import cursorAgent from "../plugins/agent-command/recipes/cursor-agent.toml" with { type: "text" }
import goose from "../plugins/agent-command/recipes/goose.toml" with { type: "text" }
import grok from "../plugins/agent-command/recipes/grok.toml" with { type: "text" }
import hermes from "../plugins/agent-command/recipes/hermes.toml" with { type: "text" }
import kimi from "../plugins/agent-command/recipes/kimi.toml" with { type: "text" }
import pi from "../plugins/agent-command/recipes/pi.toml" with { type: "text" }
import type { Known } from "../core/edge/extras/agents/Known.ts"
import { builtin } from "./builtin.ts"

/** By the name of the agent, which is the program's too. */
export const recipes: ReadonlyMap<string, string> = new Map([
  ["aider", aider],
  ["amp", amp],
  ["auggie", auggie],
  ["crush", crush],
  ["cursor-agent", cursorAgent],
  ["goose", goose],
  ["grok", grok],
  ["hermes", hermes],
  ["kimi", kimi],
  ["pi", pi],
])

interface Table {
  readonly plugin: Readonly<Record<string, { readonly config: Readonly<Record<string, unknown>> }>>
}

/** What a recipe sets of `agent-command`; empty for a name that has none. */
export const recipeOf = (name: string): Readonly<Record<string, unknown>> => {
  const text = recipes.get(name)
  return text === undefined ? {} : ((Bun.TOML.parse(text) as Table).plugin[name]?.config ?? {})
}

/** Adapters for any program, or for a protocol: no agent is called as they are. */
const general = ["command", "acp"]

const adapters = Object.keys(builtin)
  .filter((id) => id.startsWith("agent-"))
  .map((id) => id.slice("agent-".length))
  .filter((name) => !general.includes(name))

/** Every agent that a line or a table in plugins.toml is all it takes for. */
export const known: ReadonlyArray<Known> = [
  ...adapters.map((name) => ({
    name,
    program: name,
    how: `Put [plugin.${name}] with use = "agent-${name}" into plugins.toml; where it stands there, delete its enabled = false.`,
  })),
  ...[...recipes.keys()].map((name) => ({
    name,
    program: name,
    how: `\`hub agent recipe ${name}\` prints a table for plugins.toml.`,
  })),
]
