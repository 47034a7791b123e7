/** Qwen Code as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-qwen",
  summary: "Runs Qwen Code as an agent.",
  name: "Qwen Code",
  config: Config,
  supports: ({ hub_tools }) => ({ ...supports, hub_tools }),
  launch,
  decoder,
  probe,
})
