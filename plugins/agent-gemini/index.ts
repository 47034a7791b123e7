/** Gemini CLI as an agent. */
import { Adapter } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

export default Adapter.of({
  id: "agent-gemini",
  summary: "Runs Gemini CLI as an agent.",
  name: "Gemini CLI",
  config: Config,
  supports,
  launch,
  decoder,
  probe,
})
