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
    id: "droid",
    summary: "droid",
    supports,
    launch: (request) => launch("droid", config, request),
    decoder: () => decoder("droid"),
    probe: probe(config),
  }),
)
