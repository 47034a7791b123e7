/** Files that change while the hub serves, and what it remembers when it starts again. */
import { afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
})

const limited = agent(
  "limited",
  "cat >> started; echo 'HTTP 429, retry after 60 s' >&2; exit 1",
  `[[plugin.limited.config.failure]]
class = "rate_limited"
matches = "HTTP 429"
retry_after = 'retry after (\\d+) s'`,
)

beforeEach(() => {
  home = makeHome({ "hub/plugins.toml": agent("echo", "cat") })
})

afterEach(() => home.remove())

const serving = async (): Promise<Server> => {
  const server = new Server(home)
  await server.initialize()
  return server
}

const agentsOf = async (server: Server): Promise<ReadonlyArray<string>> =>
  (await server.tool<{ agents: ReadonlyArray<{ id: string }> }>("list_agents", {})).agents
    .map(({ id }) => id)
    .sort()

const answer = async (server: Server, name: string): Promise<unknown> => {
  const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
    agent: name,
    cwd: home.path,
    prompt: "hi",
  })
  return (await server.tool("check_dispatch", { run_id, wait_seconds: 30 }))["answer"]
}

test("a new plugin works without a restart; a broken file keeps the old ones and is named", async () => {
  const server = await serving()
  await until("the agent alone", async () => (await agentsOf(server)).join() === "echo" || undefined)

  home.write("hub/plugins.toml", agent("echo", "cat") + agent("second", "echo second"))
  await until("the second agent", async () => (await agentsOf(server)).includes("second") || undefined)
  expect(await answer(server, "second")).toBe("second")

  home.write("hub/plugins.toml", `${agent("echo", "cat")}\n[plugin.broken\n`)
  const problem = await until("the problem", async () => {
    const listed = await server.tool<{ problem?: string }>("list_plugins", {})
    return listed.problem
  })
  expect(problem).toContain("hub/plugins.toml:10:15  illegal character in key")
  expect(await agentsOf(server)).toEqual(["echo", "second"])
  expect(await answer(server, "second")).toBe("second")
  expect((await run(home, ["plugins"])).out).toContain("plugins.toml:10:15")
  const doctor = await run(home, ["doctor"])
  expect(doctor.code).toBe(1)
  expect(doctor.out).toMatch(/error +plugins +\S+plugins\.toml:10:15 +illegal character in key/)

  home.write("hub/plugins.toml", agent("third", "echo third"))
  await until("the third agent alone", async () => (await agentsOf(server)).join() === "third" || undefined)
  expect(await answer(server, "third")).toBe("third")
  expect((await server.tool("list_plugins", {}))["problem"]).toBeUndefined()
  expect(await server.close()).toBe(0)
})

test("a pipeline and a project count from the moment they are written", async () => {
  const server = await serving()
  const say = (template: string) => `run = ["a"]\n[step.a]\ntype = "transform"\ntemplate = "${template}"\n`
  const answerOf = async (input: object) => {
    const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
      prompt: "x",
      cwd: home.path,
      ...input,
    })
    return (await server.tool("check_dispatch", { run_id, wait_seconds: 30 }))["answer"]
  }
  home.write("hub/pipelines/p.toml", say("one"))
  expect(await answerOf({ pipeline: "p" })).toBe("one")
  home.write("hub/pipelines/p.toml", say("two"))
  expect(await answerOf({ pipeline: "p" })).toBe("two")
  home.write("hub/projects.toml", `[project.here]\npath = ${JSON.stringify(home.path)}\npipeline = "p"\n`)
  expect(await answerOf({ project: "here", cwd: undefined })).toBe("two")
  expect(await server.close()).toBe(0)
})

test("a cooling agent is passed over at once, also after a restart, and everybody says so", async () => {
  home.write("hub/plugins.toml", limited + agent("echo", "cat"))
  const dispatch = async () =>
    documentOf<{
      run_id: string
      answered_by: string
      attempts: ReadonlyArray<{ agent: string; failure?: { class: string } }>
    }>(await run(home, ["dispatch", "--wait", "--json", "--agent", "limited", "--fallback", "echo", "hi"]))
  const started = () => fs.readFileSync(path.join(home.path, "started"), "utf8")

  const first = await dispatch()
  expect(first.attempts.map((one) => [one.agent, one.failure?.class])).toEqual([
    ["limited", "rate_limited"],
    ["echo", undefined],
  ])
  expect(started()).toBe("hi")

  const second = await dispatch()
  expect(second.attempts.map((one) => one.agent)).toEqual(["echo"])
  expect(second.answered_by).toBe("echo")
  expect(started()).toBe("hi")
  const events = await run(home, ["runs", "events", second.run_id, "--json"])
  expect(events.out).toContain("cooling")
  expect((await run(home, ["why", second.run_id])).out).toMatch(/limited.*cooling/s)
  expect((await run(home, ["agents"])).out).toMatch(/limited +cooling +until \d{4}-.*rate_limited/)
  const { agents } = documentOf<{
    agents: ReadonlyArray<{ id: string; cooling: ReadonlyArray<{ until: string }> }>
  }>(await run(home, ["agents", "--json"]))
  expect(agents.find(({ id }) => id === "limited")?.cooling).toHaveLength(1)
  expect(agents.find(({ id }) => id === "echo")?.cooling).toEqual([])
})
