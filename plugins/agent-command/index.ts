/** Runs any program that a few lines of TOML describe as an agent. */
import { Effect } from "effect"
import { Agent, Plugin } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder, describe } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Plugin.define({
  id: "agent-command",
  summary: "Runs any program that a few lines of TOML describe as an agent.",
  config: Config,
  setup: (config, { instance }) => {
    const id = config.id ?? instance
    const description = describe(id, config)
    const agent = Agent.program({
      id,
      summary: config.summary ?? `${config.program}, as plugins.toml describes it.`,
      supports: supports(config),
      launch: (request) => launch(id, config, request),
      decoder: (request) => decoder(description, request),
      probe: probe(config),
    })
    return Effect.succeed({ agents: [agent] })
  },
})
