import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
  full: { hub_tools: true, max_turns: 3, allowed_tools: ["Read"] },
  untold: ["--max-turns"],
})

test("the prompt travels by stdin, the stream is asked for with --verbose", () => {
  const { args, env, stdin } = launched({})
  assert.deepEqual(args, ["-p", "--output-format", "stream-json", "--verbose"])
  assert.deepEqual(stdin, { text: "do it" })
  assert.equal(env?.["CLAUDE_CODE_MAX_RETRIES"], "1")
})

test("permissions become flags; without any as root only inside a sandbox", () => {
  assert(launched({ permission: "restricted" }).args.join(" ").includes("--permission-mode plan"))
  assert(launched({ permission: "auto" }).args.join(" ").includes("--permission-mode acceptEdits"))
  const bypass = launched({ permission: "bypass" })
  assert(bypass.args.includes("--dangerously-skip-permissions"))
  assert.equal(bypass.env?.["IS_SANDBOX"], "1")
  assert.equal(launched({ permission: "auto" }).env?.["IS_SANDBOX"], undefined)
})

test("a session is gone on with, or branched off, and takes a new system prompt", () => {
  const { args } = launched({ session: { id: "s1", fork: true }, system: "Be brief." })
  assert(args.join(" ").includes("--append-system-prompt Be brief. --system-prompt-snapshot off"))
  assert(args.join(" ").includes("--resume s1 --fork-session"))
})

test("a request's model wins over the config's", () => {
  assert(launched({}, { model: "opus" }).args.join(" ").includes("--model opus"))
  assert(launched({ model: "haiku" }, { model: "opus" }).args.join(" ").includes("--model haiku"))
})

const mcp = [{ name: "hub", command: "/bin/hub", args: ["serve", "--stdio"], env: { HUB_RUN: "r" } }]

test("servers of this run come as an argument, with their tools allowed and at hand", () => {
  const { args } = launched({ mcp }, { allowed_tools: ["Bash"] })
  const given = JSON.parse(args[args.indexOf("--mcp-config") + 1] ?? "")
  assert.deepEqual(given.mcpServers.hub.args, ["serve", "--stdio"])
  assert.equal(given.mcpServers.hub.alwaysLoad, true)
  assert.equal(args[args.indexOf("--allowedTools") + 1], "Bash,mcp__hub")
  assert(!launched({}).args.includes("--mcp-config"))
})
