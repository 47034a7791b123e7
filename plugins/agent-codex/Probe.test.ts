import { Schema } from "effect"
import { Agent } from "hub/plugin"
import { probeSuite } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

const config = Schema.decodeUnknownSync(Config)({ settings: { a: 1 }, profile: "p" })

probeSuite(
  Agent.program({
    id: "codex",
    summary: "Codex",
    supports,
    launch: (request) => launch("codex", config, request),
    decoder: (request) => decoder("codex", request),
    probe: probe(config),
  }),
)
