/** The one file: it needs nothing beside it, and nothing that lies in the current folder gets into it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": agent("echo", "cat") + agent("env", "env") })
})

afterAll(() => home.remove())

const at = (...parts: ReadonlyArray<string>): string => path.join(home.path, ...parts)

test("alone in a folder of its own it does everything, with no Bun and no Node on PATH", async () => {
  fs.mkdirSync(at("alone/bin"), { recursive: true })
  fs.copyFileSync(binary, at("alone/bin/hub"), fs.constants.COPYFILE_FICLONE)
  const tools = at("alone/tools")
  fs.mkdirSync(tools)
  for (const tool of ["sh", "cat", "env", "mkdir", "mv", "rm", "sleep", "ps", "setsid", "true"]) {
    const found = Bun.which(tool)
    if (found !== null) fs.symlinkSync(found, path.join(tools, tool))
  }
  const alone = (...args: ReadonlyArray<string>) =>
    run(home, args, { program: at("alone/bin/hub"), cwd: at("alone"), env: { PATH: tools } })
  expect((await alone("--version")).out).toMatch(/^hub \d+\.\d+\.\d+ \(\w+\)\n$/)
  expect(await alone("dispatch", "--wait", "--agent", "echo", "hi")).toMatchObject({ code: 0, out: "hi\n" })
  const { pipelines } = documentOf<{ pipelines: ReadonlyArray<{ id: string; origin: string }> }>(
    await alone("pipelines", "--json"),
  )
  expect(pipelines.filter(({ origin }) => origin === "shipped").length).toBeGreaterThanOrEqual(4)
  expect((await alone("check")).code).toBe(0)
})

/** A trap for each way in which a folder has got into a program before. Each leaves a file when it is run. */
const plant = (folder: string): string => {
  const marker = path.join(folder, "SPRUNG")
  const spring = `require("node:fs").appendFileSync(${JSON.stringify(marker)}, __filename + "\\n"); console.log("TRAP")`
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), text)
  }
  write("trap.cjs", spring)
  write("bunfig.toml", 'preload = ["./trap.cjs"]\n[run]\nbun = true\n')
  write(".env", `HUB_HOME=${folder}/stolen\nTRAP=1\nHUB_RUN=trap\nBUN_OPTIONS=--preload=./trap.cjs\n`)
  write("tsconfig.json", '{ "compilerOptions": { "paths": { "*": ["./trap.cjs"] } } }')
  write(
    "package.json",
    '{ "name": "trap", "main": "./trap.cjs", "imports": { "#*": "./trap.cjs" }, "exports": "./trap.cjs" }',
  )
  for (const name of [
    "effect",
    "citty",
    "evil",
    "hub",
    "smol-toml",
    "ws",
    "bun",
    "node-fetch",
    "@modelcontextprotocol/server",
    "effect/dist",
  ]) {
    write(
      `node_modules/${name}/package.json`,
      `{ "name": "${name}", "version": "99.0.0", "main": "index.cjs" }`,
    )
    write(`node_modules/${name}/index.cjs`, spring)
  }
  const trap = '[plugin.trap]\nuse = "./trap.cjs"\n'
  for (const file of ["plugins.toml", "hub.toml", ".hub/plugins.toml", "hub/plugins.toml"]) write(file, trap)
  const pipeline = 'run = ["a"]\n[step.a]\ntype = "transform"\ntemplate = "TRAP"\n'
  for (const file of ["pipelines/ask.toml", ".hub/pipelines/ask.toml", "ask.toml"]) write(file, pipeline)
  return marker
}

test("traps in the current folder neither run nor leak", async () => {
  const marker = plant(at("trapped"))
  const commands = [
    ["--version"],
    ["agents", "--json"],
    ["plugins", "--json"],
    ["pipelines", "--json"],
    ["check"],
    ["doctor", "--json"],
    ["dispatch", "--wait", "--json", "--agent", "env", "hi"],
    ["pipeline", "show", "review"],
  ]
  const ended = await Promise.all(commands.map((args) => run(home, args, { cwd: at("trapped") })))
  const server = new Server(home, [], {}, at("trapped"))
  await server.initialize()
  const agents = await until("two agents", async () => {
    const listed = await server.tool<{ agents: ReadonlyArray<{ id: string }> }>("list_agents", {})
    return listed.agents.length > 1 ? listed.agents : undefined
  })
  expect(await server.close()).toBe(0)
  expect(agents.map(({ id }) => id).sort()).toEqual(["echo", "env"])
  expect(ended.map(({ code }) => code).slice(0, 5)).toEqual([0, 0, 0, 0, 0])
  for (const { err, out } of ended) expect(out + err).not.toContain("TRAP")
  expect(server.stderr).toBe("")
  expect(fs.existsSync(marker)).toBe(false)
  expect(fs.existsSync(at("trapped/stolen"))).toBe(false)
})

test("what is meant for Bun or for the hub alone does not reach an agent", async () => {
  const ended = await run(home, ["dispatch", "--wait", "--json", "--agent", "env", "hi"], {
    env: {
      BUN_OPTIONS: "--smol",
      HUB_TOKEN: "hush-1",
      HUB_SECRET_DB: "hush-2",
      ACME_API_KEY: "theirs",
      HUB_RUN: "",
    },
  })
  const { answer, run_id } = documentOf<{ answer: string; run_id: string }>(ended)
  const names = answer.split("\n").map((line) => line.split("=")[0])
  expect(names).not.toContain("BUN_OPTIONS")
  expect(names).not.toContain("BUN_BE_BUN")
  expect(answer).not.toContain("hush-")
  expect(answer).toContain("ACME_API_KEY=theirs")
  expect(answer).toContain(`HUB_RUN=${run_id}`)
})

test("everything in the home is its owner's alone", async () => {
  // The hub is at work: what it removes meanwhile has no mode any more.
  const mode = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  const open = fs
    .readdirSync(at("hub"), { recursive: true, withFileTypes: true })
    .filter((one) => (mode(path.join(one.parentPath, one.name)) & 0o077) !== 0)
    .map(({ name }) => name)
  expect(open).toEqual([])
  expect(fs.statSync(at("hub")).mode & 0o777).toBe(0o700)
})
