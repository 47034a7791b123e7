/** The same plugins in the program that is shipped: as CLI commands, as MCP tools, in `hub plugins`. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { endHub } from "../support/hub.ts"
import { remove, temp, write } from "./binary.ts"

const binary = join(import.meta.dir, "../../dist", process.platform === "win32" ? "hub.exe" : "hub")
const shipped = test.skipIf(!existsSync(binary))

let home = ""
beforeAll(() => {
  home = temp("dist")
  write(home, {
    "acme.ts": readFileSync(join(import.meta.dir, "fixtures/acme.ts"), "utf8"),
    "bad.ts": `throw new Error("not today")\n`,
    "plugins.toml": `[plugin.acme]\nuse = "./acme.ts"\n[plugin.bad]\nuse = "./bad.ts"\n`,
  })
})
afterAll(() => {
  endHub(home)
  remove(home)
})

const environment = () => ({ PATH: process.env["PATH"] ?? "", HOME: home, HUB_HOME: home, NO_COLOR: "1" })

const hub = async (...args: ReadonlyArray<string>) => {
  const child = Bun.spawn([binary, ...args], { cwd: "/", env: environment(), stdout: "pipe", stderr: "pipe" })
  return { out: await child.stdout.text(), code: await child.exited }
}

shipped("hub plugins names plugin, phase and reason, and --json carries the same", async () => {
  const { out } = await hub("plugins", "--json")
  const states = JSON.parse(out).plugins
  expect(states).toMatchObject([
    { instance: "acme", state: "ready", contributes: { operations: ["acme_count"] } },
    { instance: "bad", state: "failed", failure: { phase: "import" } },
  ])
  expect(states[1].failure.detail).toMatch(/bad\.ts:1:\d+  not today/)
  const text = (await hub("plugins")).out
  for (const part of ["acme", "bad", "import", "not today"]) expect(text).toContain(part)
})

shipped("an operation of a plugin is a command", async () => {
  const { code, out } = await hub("acme-count", "--by", "4", "--json")
  expect({ code, out: JSON.parse(out) }).toMatchObject({ code: 0, out: { count: 4 } })
})

shipped("and an MCP tool", async () => {
  const child = Bun.spawn([binary, "serve", "--stdio", "--standalone"], {
    cwd: "/",
    env: environment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  })
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
  const client = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  }
  void say({ id: 1, method: "initialize", params: client })
  void say({ method: "notifications/initialized" })
  void say({ id: 2, method: "tools/call", params: { name: "acme_count", arguments: { by: 2 } } })
  void child.stdin.flush()
  let answer: unknown
  let rest = ""
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    answer = lines.map((line) => JSON.parse(line)).find(({ id }) => id === 2)
    if (answer !== undefined) break
  }
  await child.stdin.end()
  await child.exited
  expect(answer).toMatchObject({ result: { structuredContent: { count: expect.any(Number) } } })
})
