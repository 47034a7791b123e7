import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { adapterSuite, assert, play, requestOf, test } from "hub/testing"
import adapter from "./index.ts"

const fixtures = new URL("./fixtures", import.meta.url)
const agent = adapter.agent(Schema.decodeUnknownSync(adapter.config)({}), "qwen")
const recorded = (name: string) => play(agent, fileURLToPath(fixtures), name, {})

const { launched } = adapterSuite(adapter, fixtures, {
  full: { auth_type: "openai", hub_tools: true },
})

test("the prompt travels by stdin, permissions become a mode", () => {
  const { args, stdin } = launched(
    { permission: "bypass", model: "m", session: { id: "s1" } },
    { auth_type: "openai" },
  )
  assert.equal(args.join(" "), "--auth-type openai -o stream-json --approval-mode yolo -m m --resume s1")
  assert.deepEqual(stdin, { text: "do it" })
})

test("a branch and a system prompt are flags of the run", () => {
  const { args } = launched({ session: { id: "s1", fork: true }, system: "Be brief." })
  assert.equal(args.slice(2).join(" "), "--append-system-prompt Be brief. --resume s1 --fork-session")
})

test("a schema and the hub's own tools come in files, where no other user reads them", () => {
  const hub = { command: "/bin/hub", args: ["serve"], env: { A: "1" } }
  const { args, files } = launched({ output_schema: { type: "object" }, mcp: [{ name: "hub", ...hub }] })
  const [schema, servers] = ["output-schema.json", "mcp.json"]
  assert.equal(args.slice(2).join(" "), `--json-schema @/attempt/${schema} --mcp-config /attempt/${servers}`)
  assert.deepEqual(JSON.parse(files?.[schema] ?? ""), { type: "object" })
  assert.deepEqual(JSON.parse(files?.[servers] ?? ""), { mcpServers: { hub: { ...hub, trust: true } } })
})

test("a tool behind the one that calls the tools of servers is told by its own name", () => {
  const { events } = recorded("hub-tools")
  const { arguments: given, tool } = events.find(({ type }) => type === "tool_started")?.data ?? {}
  assert.deepEqual([tool, given], ["mcp__hub__hub_probe", { text: "x" }])
})

test("what it asks again is told with the wait, unless it is for its own memory", () => {
  const [first] = recorded("e429").events.filter(({ type }) => type === "signal")
  assert.equal(first?.data["retry_after_ms"], 1596)
  const decoder = agent.decoder(requestOf())
  const record = [
    "{",
    '    "event.name": "qwen-code.api_retry",',
    '    "prompt_id": "s#managed-auto-memory-extractor-1#0",',
    '    "status_code": 429',
    "}",
  ]
  assert.deepEqual(
    record.flatMap((line) => decoder.feed(line, "stderr")),
    [],
  )
})
