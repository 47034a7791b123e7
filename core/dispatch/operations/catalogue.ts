/** Operations on what there is: agents and plugins. */
import { Effect, Schema } from "effect"
import { type AgentHandle, PluginState, Registry, startingOf } from "../../plugin/Catalogue.ts"
import { FailureClass } from "../../plugin/Failure.ts"
import * as Operation from "../../plugin/Operation.ts"
import { missing, Processes } from "../../services/Processes.ts"
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
  /** Why its program cannot be started now. Left out when it can, or when the agent does not say what it starts. */
  missing: Schema.optionalKey(Schema.String),
  /** Accounts of this agent that a fallback passes over for now. */
  cooling: Schema.Array(CoolingView),
})

const coolingView = ({ because, class: class_, model, until }: CoolingAgent): typeof CoolingView.Type => ({
  until: new Date(until).toISOString(),
  class: class_,
  because,
  ...(model === undefined ? {} : { model }),
})

const agentView = (
  handle: AgentHandle,
  missing: string | undefined,
  cooling: ReadonlyArray<CoolingAgent>,
): typeof AgentView.Type => ({
  id: handle.id,
  plugin: handle.plugin,
  summary: handle.summary,
  kind: handle.kind,
  supports: present(handle.supports) as Record<string, unknown>,
  ...(missing === undefined ? {} : { missing }),
  cooling: cooling.filter(({ agent }) => agent === handle.id).map(coolingView),
})

/** What gives the agents that there are now. Starts none. */
export const agentsNow = Effect.map(
  Effect.all([Cooldowns, Processes, Registry]),
  ([cooldowns, processes, registry]) =>
    Effect.gen(function* () {
      const catalogue = yield* registry.current
      const { agents } = catalogue
      const starting = startingOf(catalogue).map(({ instance }) => instance)
      const cooling = yield* cooldowns.all
      return {
        agents: yield* Effect.forEach(agents.values(), (handle) =>
          Effect.map(
            handle.program === undefined ? Effect.undefined : missing(processes, handle.program),
            (why) => agentView(handle, why, cooling),
          ),
        ),
        ...(starting.length === 0 ? {} : { starting }),
      }
    }),
)

const agentLine = (agent: typeof AgentView.Type): ReadonlyArray<string> => [
  agent.id,
  agent.plugin,
  ...stateOf(agent).map((text) => Text.brief(text, 100)),
]

const stateOf = ({
  cooling: [first],
  missing,
  summary,
}: typeof AgentView.Type): readonly [string, string] => {
  if (missing !== undefined) return ["missing", missing]
  if (first === undefined) return ["ready", summary]
  return ["cooling", `until ${first.until} (${first.class}): ${first.because}`]
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
  const agents = yield* agentsNow
  return [
    Operation.make({
      name: "list_agents",
      title: "List agents",
      summary:
        "Lists the agents that work can be given to, and which of them are cooling after a limit or not installed.",
      input: Schema.Struct({}),
      output: Schema.Struct({
        agents: Schema.Array(AgentView),
        /** Plugins that have not said yet which agents they bring. */
        starting: Schema.optionalKey(Schema.Array(Schema.String)),
      }),
      readonly: true,
      cli: { path: ["agents"] },
      print: ({ agents, starting }) =>
        [
          agents.length === 0
            ? none("agents", "Name one in plugins.toml: `hub init` writes a commented one.")
            : Text.table(agents.map(agentLine)),
          ...(starting === undefined ? [] : [`Still starting: ${starting.join(", ")}`]),
        ].join("\n\n"),
      run: () => said(agents),
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
