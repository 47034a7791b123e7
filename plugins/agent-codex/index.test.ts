import { Failure } from "hub/plugin"
import { adapterSuite, assert, test } from "hub/testing"
import { decoder } from "./Decoder.ts"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
  full: { hub_tools: true, settings: { a: 1 }, profile: "p" },
})

test("the prompt travels by stdin; a folder outside git is fine", () => {
  const { args, stdin } = launched({})
  assert.deepEqual(args, ["exec", "--json", "--skip-git-repo-check", "-"])
  assert.deepEqual(stdin, { text: "do it" })
})

test("the sandbox stands before resume, where Codex takes it", () => {
  const { args } = launched({ permission: "auto", session: { id: "t1" } })
  assert.deepEqual(args.slice(3), ["-s", "workspace-write", "resume", "t1", "-"])
  assert.deepEqual(launched({ session: { id: "t1", fork: true } }).args.slice(-3), ["fork", "t1", "-"])
})

test("settings and the system prompt are TOML values", () => {
  const { args } = launched(
    { system: 'Say "hi".' },
    { settings: { model_reasoning_effort: "high", "features.x": true, list: [1, "a"], table: { a: 1 } } },
  )
  assert.deepEqual(
    args.filter((_, index) => args[index - 1] === "-c"),
    [
      'model_reasoning_effort="high"',
      "features.x=true",
      'list=[1, "a"]',
      'table={"a" = 1}',
      'developer_instructions="Say \\"hi\\"."',
    ],
  )
})

test("an output schema is a file of the attempt", () => {
  const { args, files } = launched({ output_schema: { type: "object" } })
  assert(args.join(" ").includes("--output-schema /attempt/output-schema.json"))
  assert.deepEqual(files, { "output-schema.json": '{"type":"object"}' })
})

const mcp = [{ name: "hub", command: "/bin/hub", args: ["serve", "--stdio"], env: { HUB_RUN: "r" } }]

test("servers of this run come as settings: waited for, and approved", () => {
  const given = launched({ mcp }).args.find((argument) => argument.startsWith("mcp_servers.hub="))
  assert.deepEqual(Bun.TOML.parse(`hub = ${given?.slice("mcp_servers.hub=".length)}`), {
    hub: {
      command: "/bin/hub",
      args: ["serve", "--stdio"],
      env: { HUB_RUN: "r" },
      required: true,
      default_tools_approval_mode: "approve",
    },
  })
})

test("usage is this attempt's, though codex counts over the session", () => {
  const session = {
    id: "s1",
    usage: { input_tokens: 1000, session_input_tokens: 3000, session_output_tokens: 60 },
  }
  const reader = decoder("codex", { session })
  reader.feed('{"type":"turn.completed","usage":{"input_tokens":4000,"output_tokens":20}}', "stdout")
  reader.feed('{"type":"item.completed","item":{"type":"agent_message","text":"ok"}}', "stdout")
  const end = reader.end({ code: 0, signal: null, timed_out: false, lost: false, ended_at: 0 })
  assert(!(end instanceof Failure.Failure))
  // Its output tokens are fewer than before: it has begun to count anew.
  assert.deepEqual(end.usage, {
    input_tokens: 1000,
    session_input_tokens: 4000,
    output_tokens: 20,
    session_output_tokens: 20,
  })
})
