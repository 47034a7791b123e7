/** Copilot CLI as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-copilot",
  summary: "Runs Copilot CLI as an agent.",
  name: "Copilot CLI",
  config: Config,
  supports: ({ hub_tools }) => ({ ...supports, hub_tools }),
  launch,
  decoder,
  probe,
})
