/** Several programs at one home: commands beside each other, a second hub, a hub that ends while others still ask it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import { ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server, shim, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": agent("echo", "cat") })
})

afterAll(() => home.remove())

test("twelve commands at once are all answered, by the one hub that the first of them starts", async () => {
  const prompts = Array.from({ length: 12 }, (_, index) => `prompt ${index}`)
  const ended = await Promise.all(
    prompts.map((prompt) => run(home, ["dispatch", "--wait", "--agent", "echo", prompt])),
  )
  expect(ended).toEqual(prompts.map((prompt) => ({ code: 0, out: `${prompt}\n`, err: expect.any(String) })))
  const { runs } = documentOf<{ runs: ReadonlyArray<{ prompt: string; state: string }> }>(
    await run(home, ["runs", "list", "--json"]),
  )
  expect(runs.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort())
})

test("a second server says who holds the home; commands reach the first through its socket", async () => {
  const first = new Server(home)
  try {
    await first.initialize()
    await until("its agent", async () => {
      const { agents } = await first.tool<{ agents: ReadonlyArray<object> }>("list_agents", {})
      return agents.length > 0 || undefined
    })
    const [second, agents, refused] = await Promise.all([
      run(home, ["serve", "--stdio", "--standalone"]),
      run(home, ["agents", "--json"]),
      run(home, ["runs", "list", "--state", "succeeded", "--limit", "1", "--json"]),
    ])
    expect(second).toMatchObject({ code: 4, out: "" })
    expect(second.err).toContain(`"${home.path}/hub" is held by hub `)
    expect(second.err).toContain(`pid ${first.child.pid} (hub serve --stdio)`)
    expect(second.err).toContain("Stop it with `hub stop`")
    expect(documentOf(agents)).toMatchObject({ agents: [{ id: "echo" }] })
    expect(documentOf(refused)).toMatchObject({ runs: [{ state: "succeeded" }] })
  } finally {
    expect(await first.close()).toBe(0)
  }
  expect((await run(home, ["agents"])).code).toBe(0)
})

const gated = (open: string): string => `: > ${open}.begun; while [ ! -e ${open} ]; do sleep 0.05; done; cat`

test("work in the background goes on when a server takes the home over", async () => {
  const open = `${home.path}/open`
  const own = makeHome({ "hub/plugins.toml": agent("gated", gated(open)) })
  try {
    const { out } = await run(own, ["dispatch", "--agent", "gated", "later"])
    const run_id = out.trim()
    await until("the start of the agent", () => fs.existsSync(`${open}.begun`) || undefined)
    const server = new Server(own)
    await server.initialize()
    expect(await server.tool("check_dispatch", { run_id })).toMatchObject({ state: "running" })
    fs.writeFileSync(open, "")
    expect(await server.tool("check_dispatch", { run_id, wait_seconds: 30 })).toMatchObject({
      state: "succeeded",
      answer: "later",
      attempts: [{ attempt: 1 }],
    })
    expect(await server.close()).toBe(0)
  } finally {
    own.remove()
  }
})

test("a command that waits starts the next hub when the one it asked is killed", async () => {
  const open = `${home.path}/opened`
  const own = makeHome({ "hub/plugins.toml": agent("gated", gated(open)) })
  try {
    const server = new Server(own)
    await server.initialize()
    await server.tool("list_agents", {})
    const waiting = run(own, ["dispatch", "--wait", "--json", "--agent", "gated", "still here"])
    await until("the attempt", async () => {
      const { runs } = await server.tool<{ runs: ReadonlyArray<{ state: string }> }>("list_dispatches", {})
      return runs.some(({ state }) => state === "running") || undefined
    })
    await server.kill("SIGKILL")
    fs.writeFileSync(open, "")
    const ended = await waiting
    expect(ended.code).toBe(0)
    expect(documentOf(ended)).toMatchObject({
      state: "succeeded",
      answer: "still here",
      attempts: [{ attempt: 1 }],
    })
  } finally {
    own.remove()
  }
})

const only = (name: string, scope: string) =>
  `Operation.make({ name: "${name}", summary: "For a test.", input: Schema.Struct({}), output: Schema.Struct({ done: Schema.Boolean }), readonly: false, scope: "${scope}", run: () => Effect.succeed({ done: true }) })`

const scoped = `import { Effect, Schema } from "effect"
import { Operation, Plugin } from "hub/plugin"
export default Plugin.define({
  id: "tool-scoped",
  summary: "For a test.",
  config: Schema.Struct({}),
  setup: () => Effect.succeed({ operations: [${only("change_hub", "admin")}, ${only("give_work", "dispatch")}] }),
})`

test("an agent of a run does not change the hub: neither by a command nor through a shim", async () => {
  const own = makeHome({
    "hub/scoped.ts": scoped,
    "hub/plugins.toml": '[plugin.scoped]\nuse = "./scoped.ts"\n',
  })
  const within = { HUB_RUN: "r-1" }
  const why = "change_hub needs the scope admin, which no agent has: this call comes from within run r-1."
  try {
    expect((await run(own, ["change-hub"])).code).toBe(0)
    expect((await run(own, ["give-work"], { env: within })).code).toBe(0)
    const refused = await run(own, ["change-hub"], { env: within })
    expect(refused).toMatchObject({ code: 1, out: "", err: expect.stringContaining(why) })
    const [agents, persons] = [shim(own, within), shim(own)]
    await Promise.all([agents.initialize(), persons.initialize()])
    await expect(agents.tool("change_hub", {})).rejects.toThrow("which no agent has")
    expect(await agents.tool("give_work", {})).toEqual({ done: true })
    expect(await persons.tool("change_hub", {})).toEqual({ done: true })
    expect(await Promise.all([agents.close(), persons.close()])).toEqual([0, 0])
  } finally {
    own.remove()
  }
})
