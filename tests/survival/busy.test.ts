/** Another program holds the write lock of the hub's database. */
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { agent, type Home, makeHome, Server, until } from "../support/hub.ts"

let home: Home
let server: Server

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  const talks = 'until [ -e go ]; do echo "line $((n += 1))"; sleep 0.02; done; echo end'
  home = makeHome({ "hub/plugins.toml": agent("talks", talks) + agent("quick", "echo quick") })
  server = new Server(home)
  await server.initialize()
}, 120_000)

afterAll(async () => {
  expect(await server.close()).toBe(0)
  home.remove()
})

/** Takes the write lock until it is called. */
const locked = (): (() => void) => {
  const other = new Database(path.join(home.path, "hub/hub.db"))
  other.run("pragma busy_timeout=10000")
  other.run("begin immediate")
  return () => other.close()
}

const dispatch = (agent: string) =>
  server.tool<{ run_id: string }>("dispatch", { agent, prompt: "go", cwd: home.path })

interface View {
  readonly state: string
  readonly answer?: string
  readonly last_seq: number
}

const check = (run_id: string, wait_seconds: number) =>
  server.tool<View>("check_dispatch", { run_id, wait_seconds })

interface Events {
  readonly events: ReadonlyArray<{ readonly seq: number; readonly type: string }>
}

test("others are answered meanwhile, a dispatch waits for it, and no event is lost", async () => {
  const talking = await dispatch("talks")
  await until("some lines", async () => (await check(talking.run_id, 0)).last_seq > 10 || undefined)
  const release = locked()
  let isAccepted = false
  const accepting = dispatch("quick").then((answer) => ((isAccepted = true), answer))
  const { last_seq } = await check(talking.run_id, 0)
  // Each is asked and answered while the lock is held: the hub does not stand still.
  // All at once: the dispatch waits for 5 seconds and no longer.
  await Promise.all(Array.from({ length: 20 }, () => check(talking.run_id, 0)))
  expect(isAccepted).toBe(false)
  release()
  const quick = await accepting
  expect(await check(quick.run_id, 30)).toMatchObject({ state: "succeeded", answer: "quick" })
  await until("more lines", async () => (await check(talking.run_id, 0)).last_seq > last_seq + 5 || undefined)
  fs.writeFileSync(path.join(home.path, "go"), "")
  const end = await check(talking.run_id, 30)
  expect(end.state).toBe("succeeded")
  const lines = (end.answer ?? "").trim().split("\n")
  expect(lines).toEqual([...lines.slice(0, -1).map((_, index) => `line ${index + 1}`), "end"])
  const { events } = await server.tool<Events>("run_events", { run_id: talking.run_id, limit: 1000 })
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
}, 60_000)

test("a lock that is kept refuses a dispatch in words; the hub lives, and works once it is gone", async () => {
  const release = locked()
  const refused = await dispatch("quick").then(
    () => "accepted",
    (error: unknown) => String(error),
  )
  release()
  expect(refused).toContain("Another program is writing to this file; close it and try again.")
  const { run_id } = await dispatch("quick")
  expect(await check(run_id, 30)).toMatchObject({ state: "succeeded", answer: "quick" })
}, 60_000)
