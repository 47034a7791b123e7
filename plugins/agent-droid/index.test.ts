import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { adapterSuite, assert, play, test } from "hub/testing"
import adapter from "./index.ts"

const fixtures = new URL("./fixtures", import.meta.url)
const { launched } = adapterSuite(adapter, fixtures)

test("the prompt travels by stdin, since an argument would hide it", () => {
  const { args, files, stdin } = launched({ permission: "auto", session: { id: "s1" } })
  assert.equal(args.join(" "), "exec -o stream-json --auto medium -s s1")
  assert.deepEqual(launched({ session: { id: "s1", fork: true } }).args.slice(-2), ["--fork", "s1"])
  assert.deepEqual(stdin, { text: "do it" })
  assert.equal(files, undefined)
})

test("a system prompt of any length comes in a file", () => {
  const system = "Be brief. ".repeat(50_000)
  const { args, files } = launched({ system })
  assert.deepEqual(args.slice(-2), ["--append-system-prompt-file", "/attempt/system.md"])
  assert.deepEqual(files, { "system.md": system })
})

test("restricted leaves it the tools that only look", () => {
  const { args } = launched({ permission: "restricted" })
  const left = args[args.indexOf("--only-tools") + 1] ?? ""
  assert.deepEqual(left.split(",").sort(), ["FetchUrl", "Glob", "Grep", "LS", "Read", "WebSearch"])
})

test("a branch has its own tokens, and the turns of its session", () => {
  const agent = adapter.agent(Schema.decodeUnknownSync(adapter.config)({}), "droid")
  const usage = { session_input_tokens: 900, session_output_tokens: 10, session_turns: 2 }
  const request = { session: { id: "s1", fork: true, usage } }
  const { events } = play(agent, fileURLToPath(fixtures), "fork", { exit: 0, request })
  const told = events.find(({ type }) => type === "usage")?.data
  assert.deepEqual([told?.["input_tokens"], told?.["turns"], told?.["session_turns"]], [1000, 1, 3])
})
