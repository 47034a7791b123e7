import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
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

test("a branch, a system prompt, a schema and the hub's own tools are flags of the run", () => {
  const { args } = launched({
    session: { id: "s1", fork: true },
    system: "Be brief.",
    output_schema: { type: "object" },
    mcp: [{ name: "hub", command: "/bin/hub", args: ["serve"], env: { A: "1" } }],
  })
  const server = { command: "/bin/hub", args: ["serve"], env: { A: "1" }, trust: true }
  assert.deepEqual(args.slice(2), [
    ...["--append-system-prompt", "Be brief.", "--json-schema", '{"type":"object"}'],
    ...["--resume", "s1", "--fork-session"],
    ...["--mcp-config", JSON.stringify({ mcpServers: { hub: server } })],
  ])
})
