/** Kills the hub at random moments, again and again: what was acknowledged ends, nothing runs twice, nothing is left. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { type Home, makeHome, Server } from "../support/hub.ts"

const rounds = Number(process.env["HUB_CRASH_ROUNDS"] ?? 100)

const ledgerOf = (home: Home) => path.join(home.path, "ledger")

/** Each program notes its attempt when it begins and when it ends; the first agent of the pipeline always fails. */
const files = (ledger: string) => {
  const script = (end: string) =>
    `echo "begin $HUB_ATTEMPT" >> ${ledger}; sleep 0.0$(($$ % 10)); echo "end $HUB_ATTEMPT" >> ${ledger}; ${end}`
  const agent = (name: string, end: string) => `
[plugin.${name}]
use = "agent-command"
[plugin.${name}.config]
program = "sh"
args = ["-c", ${JSON.stringify(script(end))}]
prompt = "stdin"
`
  return {
    "hub/plugins.toml": agent("limited", "echo boom >&2; exit 3") + agent("steady", "echo done"),
    "hub/pipelines/both.toml": `
run = ["first", "then"]
[step.first]
type = "fallback"
try = ["limited", "steady"]
[step.limited]
type = "agent"
agent = "limited"
prompt = "{{ run.prompt }}"
[step.steady]
type = "agent"
agent = "steady"
prompt = "{{ run.prompt }}"
[step.then]
type = "agent"
agent = "steady"
prompt = "then {{ steps.first.answer }}"
`,
  }
}

/** Dispatches until the hub is killed; gives the acknowledged ids. */
const load = async (server: Server, cwd: string, acknowledged: Array<string>): Promise<void> => {
  for (;;) {
    try {
      const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
        prompt: "go",
        pipeline: "both",
        cwd,
      })
      acknowledged.push(run_id)
    } catch {
      return
    }
    await Bun.sleep(Math.random() * 20)
  }
}

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
  for (const [file, text] of Object.entries(files(ledgerOf(home)))) home.write(file, text)
}, 120_000)

afterAll(() => home.remove())

test(`${rounds} kills lose no acknowledged run and start no attempt twice`, async () => {
  const acknowledged: Array<string> = []
  for (let round = 0; round < rounds; round++) {
    const server = new Server(home)
    await server.initialize()
    const loading = load(server, home.path, acknowledged)
    await Bun.sleep(Math.random() * 250)
    await server.kill("SIGKILL")
    await loading
  }
  const last = new Server(home)
  await last.initialize()
  for (const run_id of acknowledged) {
    const view = await last.tool<{
      state: string
      answer?: string
      attempts: Array<{ agent: string; state: string }>
    }>("check_dispatch", { run_id, wait_seconds: 60 })
    expect({ run_id, state: view.state, answer: view.answer?.trim() }).toEqual({
      run_id,
      state: "succeeded",
      answer: "done",
    })
    expect(view.attempts.filter(({ agent }) => agent === "steady").map(({ state }) => state)).toEqual([
      "succeeded",
      "succeeded",
    ])
  }
  expect(await last.close()).toBe(0)

  const ledger = fs.readFileSync(ledgerOf(home), "utf8").trim().split("\n")
  expect(ledger.length).toBe(new Set(ledger).size)
  const begun = ledger.filter((line) => line.startsWith("begin ")).map((line) => line.slice(6))
  const done = ledger.filter((line) => line.startsWith("end ")).map((line) => line.slice(4))
  expect(done.sort()).toEqual(begun.sort())
  expect(acknowledged.length).toBeGreaterThan(rounds / 4)
  expect(processesOf(acknowledged)).toEqual([])
}, 600_000)
