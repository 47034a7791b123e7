import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
  full: { hub_tools: true },
})

test("the prompt travels by stdin, since with -p it would be ignored there", () => {
  const { args, stdin } = launched({ permission: "bypass", model: "m", session: { id: "s1" } })
  assert.equal(args.join(" "), "--output-format json --allow-all-tools --model m --resume=s1")
  assert.deepEqual(stdin, { text: "do it" })
})

test("the hub's own tools are offered for the run, and need no other permission", () => {
  const hub = { command: "/bin/hub", args: ["serve"], env: { A: "1" } }
  const { args } = launched({ mcp: [{ name: "hub", ...hub }] })
  const mcpServers = { hub: { type: "local", ...hub, tools: ["*"] } }
  assert.deepEqual(args.slice(2), [
    ...["--additional-mcp-config", JSON.stringify({ mcpServers })],
    ...["--allow-tool", "hub"],
  ])
})
