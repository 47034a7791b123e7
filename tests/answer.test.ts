/** `hub answer`, and the same by MCP tasks: an agent that asks goes on when somebody says yes. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { processesOf } from "../core/testing/processes.ts"
import { documentOf, environment, type Home, makeHome, pidOfHub, run, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

/** Wants to change a file, and tells what became of it. */
const agent = join(import.meta.dirname, "../plugins/agent-acp/fixtures/agent.ts")

const plugin = `
[plugin.asker]
use = "agent-acp"
[plugin.asker.config]
program = "${process.execPath}"
args = ["${agent}", "edit"]
`

const pipeline = `
run = ["work"]
[step.work]
type = "agent"
agent = "asker"
prompt = "change it"
permission = "ask"
`

let home: Home
let cwd: string

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": plugin, "hub/pipelines/careful.toml": pipeline })
  cwd = join(home.path, "work")
  mkdirSync(cwd)
})

afterAll(() => home.remove())

const hub = (...args: ReadonlyArray<string>) => run(home, args)
const dispatch = ["dispatch", "--pipeline", "careful", "--cwd"]

const waiting = async (): Promise<string> => {
  const { run_id } = documentOf<{ run_id: string }>(await hub(...dispatch, cwd, "--json", "go"))
  const view = documentOf(await hub("runs", "show", run_id, "--wait-seconds", "60", "--json"))
  expect(view).toMatchObject({ state: "waiting", questions: { "1.1": { tool: "edit", agent: "asker" } } })
  return run_id
}

test("the change is shown as it would be, and an answer lets the agent go on", async () => {
  const run_id = await waiting()
  const shown = await hub("runs", "show", run_id)
  expect(shown.out).toContain(`changes ${cwd}/notes.md, line 2:\n  -two\n  +2`)
  expect(shown.out).toContain(`hub answer ${run_id} allow|deny 1.1`)
  expect(await hub("answer", run_id, "maybe")).toMatchObject({
    code: 2,
    err: expect.stringContaining('"maybe" is no answer to it. Known: allow, deny.'),
  })
  expect(await hub("answer", run_id, "allow", "--note", "fine")).toMatchObject({
    code: 0,
    out: `${run_id}  1.1: y\n`,
  })
  const view = documentOf(await hub("runs", "show", run_id, "--wait-seconds", "60", "--json"))
  expect(view).toMatchObject({ state: "succeeded", answer: "It was y." })
  expect((await hub("answer", run_id, "allow")).err).toContain("has ended: succeeded")
})

test("who waits for the run is told how to answer, and gets the answer in the end", async () => {
  const watched = hub(...dispatch, cwd, "--wait", "go")
  const run_id = await until("a run that waits", async () => {
    const listed = await hub("runs", "list", "--state", "waiting", "--json")
    return documentOf<{ runs: ReadonlyArray<{ run_id: string }> }>(listed).runs[0]?.run_id
  })
  expect((await hub("answer", run_id, "deny")).code).toBe(0)
  const { err, out } = await watched
  expect(out).toBe("It was n.\n")
  expect(err).toContain(`hub answer ${run_id} allow|deny 1.1`)
})

test("a hub that is killed while it asks leaves nobody behind, and the next one asks anew", async () => {
  const run_id = await waiting()
  const [before] = processesOf([run_id])
  const pid = pidOfHub(join(home.path, "hub"))
  if (pid === undefined) throw new Error("no hub is at work")
  process.kill(pid, "SIGKILL")
  const view = documentOf(await hub("runs", "show", run_id, "--wait-seconds", "60", "--json"))
  expect(view).toMatchObject({ state: "waiting", questions: { "2.1": { attempt: 2 } } })
  expect(processesOf([run_id]).length).toBe(1)
  expect(processesOf([run_id])).not.toContain(before)
  await hub("answer", run_id, "allow")
  expect(documentOf(await hub("runs", "show", run_id, "--wait-seconds", "60", "--json"))).toMatchObject({
    state: "succeeded",
    attempts: [{ failure: { class: "interrupted" } }, { session_id: "s-1" }],
  })
  expect(processesOf([run_id])).toEqual([])
})

test("a client that knows tasks is asked by a form", async () => {
  const client = new Client({ name: "tasks", version: "1" }, { capabilities: { elicitation: { form: {} } } })
  const asked: Array<string> = []
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message)
    return { action: "accept", content: { choice: "y" } }
  })
  const env = environment(home)
  await client.connect(new StdioClientTransport({ command: binary, args: ["serve", "--stdio"], env }))
  try {
    await client.listTools()
    const stream = client.experimental.tasks.callToolStream(
      { name: "dispatch", arguments: { prompt: "go", pipeline: "careful", cwd } },
      CallToolResultSchema,
    )
    const messages = await Array.fromAsync(stream)
    expect(messages.at(-1)).toMatchObject({
      type: "result",
      result: { content: [{ type: "text", text: "It was y." }] },
    })
    expect(asked).toEqual([expect.stringContaining("asker asks: edit: Write notes\n")])
  } finally {
    await client.close()
  }
})
