/** The built hub registers itself, while others write the same file. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { documentOf, environment, type Home, makeHome, run, Server } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home
beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
})
afterAll(() => home.remove())

const stateFile = () => path.join(home.path, ".claude.json")

/** As Claude Code writes its state: read, changed and renamed, under a folder beside it. */
const countUp = (): void => {
  fs.mkdirSync(`${stateFile()}.lock`)
  const state = JSON.parse(fs.readFileSync(stateFile(), "utf8")) as { n: number }
  fs.writeFileSync(`${stateFile()}.new`, JSON.stringify({ ...state, n: state.n + 1 }, null, 2))
  fs.renameSync(`${stateFile()}.new`, stateFile())
  fs.rmdirSync(`${stateFile()}.lock`)
}

const tried = (body: () => void): boolean => {
  try {
    body()
    return true
  } catch (cause) {
    if (Reflect.get(cause as object, "code") === "EEXIST") return false
    throw cause
  }
}

test("eight hubs and the client itself write one file: nothing of anybody is lost", async () => {
  home.write(".claude.json", '{ "n": 0 }')
  const folders = Array.from({ length: 8 }, (_, index) => path.join(home.path, `home-${index}`))
  let counted = 0
  const work = { isDone: false }
  const installing = Promise.all(
    folders.map((HUB_HOME) => run(home, ["install", "claude", "--json"], { env: { HUB_HOME } })),
  ).finally(() => (work.isDone = true))
  while (!work.isDone) {
    if (tried(countUp)) counted++
    await Bun.sleep(0)
  }
  for (const finished of await installing) expect(finished).toMatchObject({ code: 0, err: "" })
  const { mcpServers, n } = JSON.parse(fs.readFileSync(stateFile(), "utf8"))
  expect(n).toBe(counted)
  expect(folders).toContain(mcpServers.hub.env.HUB_HOME)
  expect(fs.readdirSync(home.path).filter((name) => name.startsWith(".claude"))).toEqual([".claude.json"])
})

test("what is registered answers, and needs no hub to be put there or taken away", async () => {
  home.write(".codex/config.toml", "# mine\n")
  const { entry } = documentOf<{ entry: { command: string; args: ReadonlyArray<string> } }>(
    await run(home, ["install", "codex", "--json"]),
  )
  expect(entry).toMatchObject({ command: binary, args: ["serve", "--stdio"] })
  expect(fs.existsSync(path.join(environment(home)["HUB_HOME"] ?? "", "hub.sock"))).toBe(false)
  const server = new Server(home, [], {}, home.path, entry.args)
  expect((await server.initialize()).error).toBeUndefined()
  await server.close()
  expect((await run(home, ["uninstall", "codex"])).code).toBe(0)
  expect(fs.readFileSync(path.join(home.path, ".codex/config.toml"), "utf8")).toBe("# mine\n")
})
