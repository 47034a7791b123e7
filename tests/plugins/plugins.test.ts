/** Plugins from outside, against a compiled program: what they can do, and what they cannot do to the hub. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { compile, type Hub, remove, start, temp, write } from "./binary.ts"

let folder = ""
let binary = ""
beforeAll(async () => {
  folder = temp("plugins")
  binary = await compile(folder)
}, 120_000)
afterAll(() => remove(folder))

const open: Array<{ readonly hub: Hub; readonly home: string }> = []
afterEach(async () => {
  for (const { home, hub } of open.splice(0)) {
    await hub.stop()
    remove(home)
  }
})

/** A hub whose home holds these files. */
const hubWith = (files: Readonly<Record<string, string>>, limits: Readonly<Record<string, number>> = {}, env: Record<string, string> = {}) => {
  const home = temp("home")
  write(home, files)
  const hub = start(binary, home, limits, env)
  open.push({ hub, home })
  return { hub, home }
}

const fixture = (name: string) => readFileSync(join(import.meta.dir, "fixtures", name), "utf8")

/** A good plugin beside the bad one: it must go on working. */
const good = {
  "good.ts": fixture("good.ts"),
  "plugins.toml": `[plugin.good]\nuse = "./good.ts"\n`
}

const beside = (table: string) => `${good["plugins.toml"]}${table}`

const works = async (hub: Hub) => expect(await hub.ask("operation", "good_hello", { name: "you" })).toMatchObject({ ok: { text: "hello you" } })

const everything = async (hub: Hub) => {
  const state = await hub.state("acme")
  expect(state.failure).toBeUndefined()
  expect(state).toMatchObject({
    id: "agent-acme",
    state: "ready",
    contributes: { agents: ["acme"], steps: ["acme_step"], conditions: ["acme_ready"], operations: ["acme_count"], sinks: ["acme-sink"] }
  })
  expect(await hub.ask("agent", "acme", { lines: ["say hello", "break"] })).toMatchObject({
    ok: {
      launch: { program: "acme", args: ["--loud", "hi"] },
      events: [{ type: "agent_message", data: { text: "hello" } }, { type: "output", data: { text: "break" } }],
      answer: { text: "hello" }
    }
  })
  expect(await hub.ask("step", "acme_step", { text: "x" })).toMatchObject({ ok: { text: "rendered x" } })
  expect(await hub.ask("condition", "acme_ready", { at_least: 3 })).toMatchObject({ ok: { holds: true, because: "4 is at least 3" } })
  expect(await hub.ask("operation", "acme_count", { by: 2 })).toMatchObject({ ok: { count: 2 } })
  expect(await hub.ask("operation", "acme_count", { by: 3 })).toMatchObject({ ok: { count: 5 } })
  expect(await hub.ask("operation", "acme_count", { by: -1 })).toMatchObject({ failed: { code: "invalid", message: "cannot count down" } })
}

describe("one file with everything", () => {
  for (const isolation of ["none", "worker", "process"])
    test(`isolation = "${isolation}"`, async () => {
      const { home, hub } = hubWith({
        "acme.ts": fixture("acme.ts"),
        "plugins.toml": `[plugin.acme]\nuse = "./acme.ts"\nisolation = "${isolation}"\n[plugin.acme.config]\nflag = "--loud"\n`
      })
      await everything(hub)
      await hub.ask("event", "r1", { type: "run_started", data: {} })
      await hub.ask("event", "r1", { type: "run_succeeded", data: {} })
      // The sink counts in its own storage; the operation waits for nothing, so ask until the second event is in.
      let seen: unknown
      for (let round = 0; round < 1000 && seen !== 2; round += 1) seen = (await hub.ask("operation", "acme_count", { by: 0 })).ok.seen
      expect(seen).toBe(2)
      expect(existsSync(join(home, "node_modules"))).toBe(false)
    })
})

test("a plugin shares the hub's Effect", async () => {
  const { hub } = hubWith(good)
  await works(hub)
  expect((await hub.ask("operation", "good_hello", { name: "you" })).ok.shared).toBe(true)
})
