import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
  full: { hub_tools: true, attach: "http://127.0.0.1:1" },
})

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
