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

test("what is not allowed stays so, whatever the environment says", () => {
  assert(launched({ permission: "restricted" }).args.join(" ").includes("--deny-tool write"))
  assert.equal(launched({ permission: "restricted" }).env?.["COPILOT_ALLOW_ALL"], "false")
  assert.equal(launched({ permission: "auto" }).env?.["COPILOT_ALLOW_ALL"], "false")
  assert.equal(launched({ permission: "bypass" }).env?.["COPILOT_ALLOW_ALL"], undefined)
})

const folders = "COPILOT_CUSTOM_INSTRUCTIONS_DIRS"

test("a system prompt is one more of its files of instructions", () => {
  const { env, files } = launched({ system: "Be brief." }, { env: { [folders]: "/mine" } })
  assert.equal(env?.[folders], "/mine,/attempt")
  const text = files?.[".github/instructions/hub.instructions.md"] ?? ""
  assert.match(text, /^---\napplyTo: "\*\*"\n---\nBe brief.\n$/)
  assert.equal(launched({}).env?.[folders], undefined)
})

test("a folder that it would take for two is refused, for it would overlook the system prompt", () => {
  assert.throws(() => launched({ dir: "/home/a,b", system: "Be brief." }), /has a comma/)
})

test("the hub's own tools are offered for the run, and need no other permission", () => {
  const hub = { command: "/bin/hub", args: ["serve"], env: { A: "1" } }
  const { args, files } = launched({ mcp: [{ name: "hub", ...hub }] })
  const mcpServers = { hub: { type: "local", ...hub, tools: ["*"] } }
  assert.equal(args.slice(2).join(" "), "--additional-mcp-config @/attempt/mcp.json --allow-tool hub")
  assert.deepEqual(JSON.parse(files?.["mcp.json"] ?? ""), { mcpServers })
})
