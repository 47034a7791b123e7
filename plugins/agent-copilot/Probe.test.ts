import { Schema } from "effect"
import { Agent } from "hub/plugin"
import { probeSuite } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

const config = Schema.decodeUnknownSync(Config)({})

probeSuite(
  Agent.program({
    id: "copilot",
    summary: "Copilot CLI",
    supports,
    launch: (request) => launch("copilot", config, request),
    decoder: () => decoder("copilot"),
    probe: probe(config),
  }),
)
