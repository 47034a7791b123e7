import { Schema } from "effect"
import { Agent } from "hub/plugin"
import { probeSuite } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"
import { probe } from "./Probe.ts"

const config = Schema.decodeUnknownSync(Config)({ max_turns: 3, allowed_tools: ["Read"] })

probeSuite(
  Agent.program({
    id: "claude",
    summary: "Claude Code",
    supports,
    launch: (request) => launch("claude", config, request),
    decoder: () => decoder("claude"),
    probe: probe(config),
  }),
  ["--max-turns"],
)
