/** Every agent that speaks the Agent Client Protocol, as an agent that asks before it does. */
import { Effect } from "effect"
import { Agent, Plugin, Processes, Workspace } from "hub/plugin"
import { Config } from "./Config.ts"
import { type Preset, presets, unknown } from "./Presets.ts"
import { probe } from "./Probe.ts"
import { run } from "./Turn.ts"

export default Plugin.define({
  id: "agent-acp",
  summary: "Runs any agent that speaks the Agent Client Protocol, and has its questions answered.",
  config: Config,
  setup: Effect.fnUntraced(function* (config, { instance }) {
    if (config.preset === undefined && config.program === undefined)
      return yield* new Plugin.SetupFailed({ message: nothing })
    const tools = { processes: yield* Processes, workspace: yield* Workspace }
    const preset: Preset = config.preset === undefined ? unknown : presets[config.preset]
    const setting = { agent: config.id ?? instance, config, preset }
    const agent = Agent.stream({
      id: setting.agent,
      summary: preset.summary,
      program: config.program ?? preset.program,
      supports: {
        resume: preset.resume ?? true,
        model: true,
        permission: preset.permission,
        hub_tools: config.hub_tools,
      },
      run: (request, host) => run(tools, setting, request, host),
      probe: probe(setting),
    })
    return { agents: [agent] }
  }),
})

const nothing = `Say which program: preset (${Object.keys(presets).join(", ")}), or program with its args.`
