import { Schema } from "effect"
import { Agent } from "hub/plugin"
import { probeSuite } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

const config = Schema.decodeUnknownSync(Config)({ attach: "http://127.0.0.1:1" })

probeSuite(
  Agent.program({
    id: "opencode",
    summary: "opencode",
    supports,
    launch: (request) => launch("opencode", config, request),
    decoder: () => decoder("opencode"),
    probe: probe(config),
  }),
)
