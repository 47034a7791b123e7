/** Copilot CLI as an agent. */
import { Effect } from "effect"
import { Agent, Plugin } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Plugin.define({
  id: "agent-copilot",
  summary: "Runs Copilot CLI as an agent.",
  config: Config,
  setup: (config, { instance }) => {
    const id = config.id ?? instance
    const agent = Agent.program({
      id,
      summary: "Copilot CLI",
      supports,
      launch: (request) => launch(id, config, request),
      decoder: () => decoder(id),
      probe: probe(config),
    })
    return Effect.succeed({ agents: [agent] })
  },
})
