/** Operations on what there is: agents and plugins. */
import { Effect, Schema } from "effect"
import { type AgentHandle, PluginState, Registry } from "../../plugin/Catalogue.ts"
import { FailureClass } from "../../plugin/Failure.ts"
import * as Operation from "../../plugin/Operation.ts"
import { type CoolingAgent, Cooldowns } from "../Cooldowns.ts"
import { present } from "../Present.ts"
import { said } from "../Refusal.ts"
import * as Text from "../Text.ts"

const CoolingView = Schema.Struct({
  model: Schema.optionalKey(Schema.String),
  /** ISO 8601, UTC. */
  until: Schema.String,
  class: FailureClass,
  because: Schema.String,
})

const AgentView = Schema.Struct({
  id: Schema.String,
  plugin: Schema.String,
  summary: Schema.String,
  kind: Schema.Literals(["program", "stream"]),
  supports: Schema.Record(Schema.String, Schema.Unknown),
  /** Accounts of this agent that a fallback passes over for now. */
  cooling: Schema.Array(CoolingView),
})

const coolingView = ({ because, class: class_, model, until }: CoolingAgent): typeof CoolingView.Type => ({
  until: new Date(until).toISOString(),
  class: class_,
  because,
  ...(model === undefined ? {} : { model }),
})

const agentView = (handle: AgentHandle, cooling: ReadonlyArray<CoolingAgent>): typeof AgentView.Type => ({
  id: handle.id,
  plugin: handle.plugin,
  summary: handle.summary,
  kind: handle.kind,
  supports: present(handle.supports) as Record<string, unknown>,
  cooling: cooling.filter(({ agent }) => agent === handle.id).map(coolingView),
})

/** The agents that there are now. */
export const agentsNow = Effect.fnUntraced(function* (
  registry: Registry["Service"],
  cooldowns: Cooldowns["Service"],
) {
  const { agents } = yield* registry.current
  const cooling = yield* cooldowns.all
  return { agents: [...agents.values()].map((handle) => agentView(handle, cooling)) }
})

const agentLine = ({ cooling, id, plugin, summary }: typeof AgentView.Type): ReadonlyArray<string> => {
  const [first] = cooling
  const rest =
    first === undefined ? summary : `cooling until ${first.until} (${first.class}): ${first.because}`
  return [id, plugin, Text.brief(rest, 100)]
}

const none = (what: string, hint: string) => `No ${what}. ${hint}`

const pluginLine = (plugin: PluginState): ReadonlyArray<string> => [
  plugin.instance,
  plugin.state,
  plugin.isolation === "none" ? plugin.use : `${plugin.use} (${plugin.isolation})`,
  plugin.failure === undefined
    ? Object.entries(plugin.contributes)
        .map(([kind, ids]) => `${kind}: ${ids.join(", ")}`)
        .join("; ")
    : `${plugin.failure.phase}: ${plugin.failure.detail}`,
]

export const make = Effect.gen(function* () {
  const registry = yield* Registry
  const cooldowns = yield* Cooldowns
  return [
    Operation.make({
      name: "list_agents",
      title: "List agents",
      summary: "Lists the agents that work can be given to, and which of them are cooling after a limit.",
      input: Schema.Struct({}),
      output: Schema.Struct({ agents: Schema.Array(AgentView) }),
      readonly: true,
      cli: { path: ["agents"] },
      print: ({ agents }) =>
        agents.length === 0
          ? none("agents", "Name one in plugins.toml: `hub init` writes a commented one.")
          : Text.table(agents.map(agentLine)),
      run: () => said(agentsNow(registry, cooldowns)),
    }),
    Operation.make({
      name: "list_plugins",
      title: "List plugins",
      summary:
        "Lists the plugins of plugins.toml: what each contributes, or in which phase it failed and why.",
      input: Schema.Struct({}),
      output: Schema.Struct({
        plugins: Schema.Array(PluginState),
        /** Why the newest plugins.toml does not count. */
        problem: Schema.optionalKey(Schema.String),
      }),
      readonly: true,
      cli: { path: ["plugins"] },
      print: ({ plugins, problem }) =>
        [
          plugins.length === 0
            ? none("plugins", "plugins.toml names none: `hub init` writes a commented one.")
            : Text.table(plugins.map(pluginLine)),
          ...(problem === undefined ? [] : [`${problem}\nThe plugins of the last good file run on.`]),
        ].join("\n\n"),
      run: () =>
        Effect.map(registry.current, ({ plugins, problem }) => ({
          plugins,
          ...(problem === undefined ? {} : { problem }),
        })),
    }),
  ]
})
