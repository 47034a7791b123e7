/** TOML files that are wrong: each error names file, line, column and key, and what is known instead. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "../support/hub.ts"
import { refused } from "./refused.ts"

const plugins = agent("echo", "cat").trim()
const last = plugins.split("\n").length
const step = (id: string, rest: string): string => `[step.${id}]\n${rest}\n`
const asks = 'type = "agent"\nagent = "echo"\nprompt = "{{ run.prompt }}"'
const work = ["dispatch", "--agent", "echo", "--wait", "hi"]

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
}, 120_000)

beforeEach(() => {
  home.stop()
  fs.rmSync(path.join(home.path, "hub"), { recursive: true, force: true })
  home.write("hub/plugins.toml", plugins)
})

afterAll(() => home.remove())

/** Everything a wrong file may say, with the file's path taken out. */
const said = async (args: ReadonlyArray<string>): Promise<string> =>
  (await refused(home, 2, args)).replaceAll(`${path.join(home.path, "hub")}/`, "")

describe("plugins.toml", () => {
  for (const [what, more, message] of [
    [
      "is broken",
      "[plugin.bad",
      `plugins.toml:${last + 1}:12  illegal character in key\n  [plugin.bad\n             ^`,
    ],
    [
      "has half a string",
      'a = "x',
      `plugins.toml:${last + 1}:7  control characters are not allowed in strings\n  a = "x\n        ^`,
    ],
    [
      "lacks a key and has an unknown one",
      "[plugin.b]\ncolour = 1",
      `plugins.toml:${last + 1}:1  plugin.b.use: is required (string)\nplugins.toml:${last + 2}:1  plugin.b.colour: unknown key "colour"`,
    ],
  ] as const)
    test(`${what}: every command says where, and the runs are still there afterwards`, async () => {
      const before = (await run(home, work)).code
      home.stop()
      home.write("hub/plugins.toml", `${plugins}\n${more}\n`)
      expect(await said(work)).toStartWith(message)
      expect(await said(["agents"])).toStartWith(message)
      const checked = await run(home, ["check"])
      expect(checked.code).toBe(2)
      expect(checked.out.replaceAll(`${path.join(home.path, "hub")}/`, "")).toStartWith(message)
      expect(fs.readFileSync(path.join(home.path, "hub/plugins.toml"), "utf8")).toBe(`${plugins}\n${more}\n`)
      home.write("hub/plugins.toml", plugins)
      expect(before).toBe(0)
      expect(documentOf(await run(home, ["runs", "list", "--json"]))).toMatchObject({
        runs: [{ state: "succeeded", prompt: "hi" }],
      })
    })

  test("a server with a broken file says so and ends with 2", async () => {
    home.write("hub/plugins.toml", `${plugins}\n[plugin.bad\n`)
    const server = new Server(home)
    await server.initialize()
    expect(await server.child.exited).toBe(2)
    const message = `plugins.toml:${last + 1}:12  illegal character in key`
    await until("what it said", () => server.stderr.includes(message))
  })

  test("an unknown plugin names those that there are", async () => {
    home.write("hub/plugins.toml", `${plugins}\n[plugin.x]\nuse = "agent-comand"\nstartup = "required"\n`)
    const message = await refused(home, 4, ["agents"])
    expect(message).toContain('"x"')
    expect(message).toContain("agent-comand")
    expect(message).toContain("agent-command")
  })

  test("a plugin's config says file, line and key, and the others go on", async () => {
    home.write(
      "hub/plugins.toml",
      `${plugins}\n[plugin.x]\nuse = "agent-command"\nstartup = "optional"\n[plugin.x.config]\nprogramm = "a"\n`,
    )
    const { plugins: states } = documentOf<{ plugins: ReadonlyArray<Record<string, unknown>> }>(
      await run(home, ["plugins", "--json"]),
    )
    expect(states.find(({ instance }) => instance === "x")).toMatchObject({
      state: "failed",
      failure: { phase: "config", detail: expect.stringContaining(`plugins.toml:${last + 5}:1`) },
    })
    expect((await run(home, work)).code).toBe(0)
  })
})

describe("projects.toml", () => {
  for (const [what, text, message] of [
    ["is broken", "[project.app]\npath = ", "projects.toml:2:8  invalid value\n  path = \n         ^"],
    [
      "has an unknown key",
      '[project.app]\npath = "/tmp"\nagnt = "echo"',
      'projects.toml:3:1  project.app.agnt: unknown key "agnt". Did you mean "agent"?',
    ],
  ] as const)
    test(`${what}: a dispatch by project says where`, async () => {
      home.write("hub/projects.toml", text)
      expect(await said(["dispatch", "--project", "app", "--wait", "hi"])).toStartWith(message)
      // Whoever names no project is not held up.
      expect((await run(home, work)).code).toBe(0)
    })

  test("an unknown project names those that there are", async () => {
    home.write("hub/projects.toml", '[project.app]\npath = "/tmp"\n')
    expect(await said(["dispatch", "--project", "ap", "hi"])).toContain(
      'no project "ap". Did you mean "app"?',
    )
  })

  test("a project whose folder is gone says which", async () => {
    home.write("hub/projects.toml", '[project.app]\npath = "/no/such/folder"\nagent = "echo"\n')
    expect(await said(["dispatch", "--project", "app", "hi"])).toContain(
      '"/no/such/folder": there is no such folder',
    )
  })
})

describe("a pipeline", () => {
  for (const [what, text, messages] of [
    [
      "broken TOML",
      'run = ["a"]\n[step.a\n',
      ["pipelines/p.toml:2:8  illegal character in key\n  [step.a\n         ^"],
    ],
    [
      "no step",
      `run = ["a", "b"]\n${step("a", asks)}`,
      ['pipelines/p.toml:1:13  run[1]: no step "b". Known: a.'],
    ],
    [
      "no agent",
      `run = ["a"]\n${step("a", asks.replace("echo", "ecko"))}`,
      ['pipelines/p.toml:4:9  step.a.agent: no agent "ecko". Did you mean "echo"? Known: echo.'],
    ],
    [
      "no step type",
      `run = ["a"]\n${step("a", 'type = "agnet"')}`,
      ['pipelines/p.toml:3:8  step.a.type: no step type "agnet". Did you mean "agent"?'],
    ],
    [
      "no condition, no key, no input, all at once",
      `run = ["a"]\n${step("a", `${asks}\nmodell = "x"\nwhen = { quotaa = {} }\nsystem = "{{ input.task }}"`)}`,
      [
        'pipelines/p.toml:6:1  step.a.modell: unknown key "modell". Did you mean "model"?',
        'pipelines/p.toml:7:10  step.a.when.quotaa: no condition "quotaa".',
        'pipelines/p.toml:8:11  step.a.system: {{ input.task }}: no input "task".',
      ],
    ],
    [
      "a circle of steps",
      `run = ["a"]\n${step("a", 'type = "sequence"\nsteps = ["b"]')}${step("b", 'type = "sequence"\nsteps = ["a"]')}`,
      ['pipelines/p.toml:7:10  step.b.steps[0]: step "a" would run itself: a → b → a'],
    ],
    [
      "a circle of pipelines",
      `run = ["a"]\n${step("a", 'type = "pipeline"\npipeline = "q"\ninput = {}')}`,
      ['pipelines/q.toml:4:12  step.a.pipeline: pipeline "p" would run itself: p → q → p'],
    ],
    ["a seam of later", `run = ["a"]\n${step("a", `${asks}\nisolation = "worktree"`)}`, ["not yet"]],
  ] as const)
    test(`${what}: lint, plan and dispatch say the same, and nothing is accepted`, async () => {
      home.write("hub/pipelines/p.toml", text)
      home.write(
        "hub/pipelines/q.toml",
        `run = ["a"]\n${step("a", 'type = "pipeline"\npipeline = "p"\ninput = {}')}`,
      )
      const [dispatched, planned, linted, runs] = await Promise.all([
        said(["dispatch", "--pipeline", "p", "hi"]),
        said(["pipeline", "plan", "p"]),
        run(home, ["pipeline", "lint", "p"]),
        run(home, ["runs", "list", "--json"]),
      ])
      expect(linted.code).toBe(2)
      for (const message of messages) {
        expect(dispatched).toContain(message)
        expect(planned).toContain(message)
        expect(linted.out).toContain(message)
      }
      expect(documentOf(runs)).toEqual({ runs: [] })
    })

  test("inputs: missing, unknown, of the wrong type, given twice", async () => {
    home.write(
      "hub/pipelines/p.toml",
      `run = ["a"]\n[input.count]\ntype = "number"\nrequired = true\n[input.name]\ntype = "string"\nrequired = true\n${step("a", asks)}`,
    )
    const dispatched = (...inputs: ReadonlyArray<string>) =>
      said(["dispatch", "--pipeline", "p", ...inputs.flatMap((input) => ["--input", input]), "hi"])
    expect(await dispatched()).toContain("count")
    expect(await dispatched("count=1", "nam=x")).toContain('no input "nam". Did you mean "name"?')
    expect(await dispatched("count=one", "name=x")).toContain("count")
    expect(await dispatched("count=1", "count=2")).toBe("--input gives count twice. Give it once.")
    expect(await dispatched("count")).toContain("Write --input NAME=VALUE.")
    expect(documentOf(await run(home, ["runs", "list", "--json"]))).toEqual({ runs: [] })
  })

  test("an unknown name says which there are", async () => {
    expect(await said(["dispatch", "--pipeline", "implemnt", "hi"])).toContain(
      'no pipeline "implemnt". Did you mean "implement"?',
    )
    expect(await said(["dispatch", "--agent", "eco", "hi"])).toContain(
      'no agent "eco". Did you mean "echo"? Known: echo.',
    )
  })
})
