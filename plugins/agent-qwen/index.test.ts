import { join } from "node:path"
import { Schema } from "effect"
import { Agent, Failure } from "hub/plugin"
import { agentSuite, assert, recordedSuite, test } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import { launch, supports } from "./Launch.ts"

const config = (given: object = {}) => Schema.decodeUnknownSync(Config)(given)

const agentOf = (given: object = {}) =>
  Agent.program({
    id: "qwen",
    summary: "Qwen Code",
    supports,
    launch: (request) => launch("qwen", config(given), request),
    decoder: () => decoder("qwen"),
  })

agentSuite(agentOf())
recordedSuite(agentOf(), join(import.meta.dirname, "fixtures"))

const request: Agent.AgentRequest = {
  run_id: "r",
  attempt: 1,
  prompt: "do it",
  cwd: "/work",
  dir: "/attempt",
  prompt_file: "/attempt/prompt",
}

const launched = (more: Partial<Agent.AgentRequest>, given: object = {}): Agent.Launch => {
  const made = launch("qwen", config(given), { ...request, ...more })
  if (made instanceof Failure.Failure) throw made
  return made
}

test("the prompt travels by stdin, permissions become a mode", () => {
  const { args, stdin } = launched(
    { permission: "bypass", model: "m", session: { id: "s1" } },
    { auth_type: "openai" },
  )
  assert.equal(args.join(" "), "--auth-type openai -o stream-json --approval-mode yolo -m m --resume s1")
  assert.deepEqual(stdin, { text: "do it" })
})

test("what Qwen Code cannot do is refused, and said", () => {
  const asked: ReadonlyArray<readonly [Partial<Agent.AgentRequest>, string]> = [
    [{ session: { id: "s1", fork: true } }, "branch off"],
    [{ system: "Be brief." }, "system prompt"],
    [{ output_schema: {} }, "output schema"],
    [{ model: "--yolo" }, "as a flag"],
  ]
  for (const [more, words] of asked) {
    const refused = launch("qwen", config(), { ...request, ...more })
    assert(refused instanceof Failure.Failure && refused.message.includes(words))
  }
})
