/** droid as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-droid",
  summary: "Runs droid as an agent.",
  name: "droid",
  config: Config,
  supports,
  launch,
  decoder,
  probe,
})
