/** opencode as an agent. */
import { Effect } from "effect"
import { Agent, Plugin } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Plugin.define({
  id: "agent-opencode",
  summary: "Runs opencode as an agent.",
  config: Config,
  setup: (config, { instance }) => {
    const id = config.id ?? instance
    const agent = Agent.program({
      id,
      summary: "opencode",
      supports: { ...supports, hub_tools: config.hub_tools },
      launch: (request) => launch(id, config, request),
      decoder: () => decoder(id),
      probe: probe(config),
    })
    return Effect.succeed({ agents: [agent] })
  },
})
