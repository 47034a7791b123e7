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
    id: "droid",
    summary: "droid",
    supports,
    launch: (request) => launch("droid", config(given), request),
    decoder: () => decoder("droid"),
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
  const made = launch("droid", config(given), { ...request, ...more })
  if (made instanceof Failure.Failure) throw made
  return made
}

test("the prompt travels by stdin, since an argument would hide it", () => {
  const { args, stdin } = launched({ permission: "auto", system: "Be brief.", session: { id: "s1" } })
  assert.equal(args.join(" "), "exec -o stream-json --auto medium --append-system-prompt Be brief. -s s1")
  assert.deepEqual(launched({ session: { id: "s1", fork: true } }).args.slice(-2), ["--fork", "s1"])
  assert.deepEqual(stdin, { text: "do it" })
})

test("what droid cannot do is refused, and said", () => {
  const asked: ReadonlyArray<readonly [Partial<Agent.AgentRequest>, string]> = [
    [{ system: "x".repeat(130_000) }, "120 KB"],
    [{ output_schema: {} }, "output schema"],
    [{ model: "--yolo" }, "as a flag"],
  ]
  for (const [more, words] of asked) {
    const refused = launch("droid", config(), { ...request, ...more })
    assert(refused instanceof Failure.Failure && refused.message.includes(words))
  }
})
