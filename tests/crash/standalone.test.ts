/** Kills a hub that serves alone at random moments, again and again: what was acknowledged ends, nothing runs twice, nothing is left. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ensureBuilt } from "../../bin/binary.ts"
import { type Home, makeHome, Server, until } from "../support/hub.ts"
import * as Ledger from "./Ledger.ts"

const rounds = Number(process.env["HUB_CRASH_ROUNDS"] ?? 100)

/** Dispatches until the hub is killed; gives the acknowledged ids. */
const load = async (server: Server, cwd: string, acknowledged: Array<string>): Promise<void> => {
  for (;;) {
    try {
      const asked = server.tool<{ run_id: string }>("dispatch", { prompt: "go", pipeline: "both", cwd })
      acknowledged.push((await asked).run_id)
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
  for (const [file, text] of Object.entries(Ledger.files(home))) home.write(file, text)
}, 120_000)

afterAll(() => home.remove())

test(`${rounds} kills lose no acknowledged run and start no attempt twice`, async () => {
  const acknowledged: Array<string> = []
  for (let round = 0; round < rounds; round++) {
    const server = new Server(home)
    await server.initialize()
    const before = acknowledged.length
    const loading = load(server, home.path, acknowledged)
    // Every other hub is killed at its work, the rest mostly while they start and take up what is left.
    if (round % 2 === 0) await until("an acknowledged run", () => acknowledged.length > before || undefined)
    await Bun.sleep(Math.random() * 250)
    await server.kill("SIGKILL")
    await loading
  }
  const last = new Server(home)
  await last.initialize()
  for (const { run_id } of Ledger.stored(home))
    await last.tool("check_dispatch", { run_id, wait_seconds: 60 })
  expect(await last.close()).toBe(0)
  expect(Ledger.faults(home, acknowledged)).toEqual([])
  expect(acknowledged.length).toBeGreaterThanOrEqual(rounds / 2)
}, 600_000)
