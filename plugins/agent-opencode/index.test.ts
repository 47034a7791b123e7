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
    id: "opencode",
    summary: "opencode",
    supports,
    launch: (request) => launch("opencode", config(given), request),
    decoder: () => decoder("opencode"),
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
  const made = launch("opencode", config(given), { ...request, ...more })
  if (made instanceof Failure.Failure) throw made
  return made
}

test("the prompt travels by stdin, the session with the folder, and the log to stderr", () => {
  const { args, env, stdin } = launched({
    permission: "bypass",
    model: "p/m",
    session: { id: "s1", fork: true },
  })
  assert.equal(
    args.join(" "),
    "run --format json --title hub r --dir /work --print-logs --log-level ERROR --auto -m p/m -s s1 --fork",
  )
  assert.equal(env?.["OPENCODE_CONFIG_CONTENT"], undefined)
  assert.deepEqual(stdin, { text: "do it" })
})

test("restricted is a config of this run alone", () => {
  const { env } = launched({ permission: "restricted" })
  assert.equal(JSON.parse(env?.["OPENCODE_CONFIG_CONTENT"] ?? "{}").permission.edit, "deny")
})

test("what opencode cannot do is refused, and said", () => {
  const asked: ReadonlyArray<readonly [Partial<Agent.AgentRequest>, string]> = [
    [{ system: "Be brief." }, "system prompt"],
    [{ output_schema: {} }, "output schema"],
    [{ model: "--auto" }, "as a flag"],
  ]
  for (const [more, words] of asked) {
    const refused = launch("opencode", config(), { ...request, ...more })
    assert(refused instanceof Failure.Failure && refused.message.includes(words))
  }
})

const mcp = [{ name: "hub", command: "/bin/hub", args: ["serve", "--stdio"], env: { HUB_RUN: "r" } }]

test("servers and permissions of this run join what the environment says", () => {
  const env = {
    OPENCODE_CONFIG_CONTENT: '{"share":"disabled","mcp":{"mine":{}},"permission":{"read":"ask"}}',
  }
  const given = JSON.parse(
    launched({ env, mcp, permission: "restricted" }).env?.["OPENCODE_CONFIG_CONTENT"] ?? "",
  )
  assert.equal(given.share, "disabled")
  assert.deepEqual(given.permission, { read: "ask", edit: "deny", bash: "deny", webfetch: "deny" })
  assert.deepEqual(Object.keys(given.mcp), ["mine", "hub"])
  assert.deepEqual(given.mcp.hub.command, ["/bin/hub", "serve", "--stdio"])
})
