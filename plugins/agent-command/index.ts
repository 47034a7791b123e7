/** Runs any program that a few lines of TOML describe as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-command",
  summary: "Runs any program that a few lines of TOML describe as an agent.",
  name: ({ program, summary = `${program}, as plugins.toml describes it.` }) => summary,
  config: Config,
  supports,
  launch,
  decoder,
  probe,
})
