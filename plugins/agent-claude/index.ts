/** Claude Code as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-claude",
  summary: "Runs Claude Code as an agent.",
  name: "Claude Code",
  config: Config,
  supports: ({ hub_tools }) => ({ ...supports, hub_tools }),
  launch,
  decoder,
  probe,
})
