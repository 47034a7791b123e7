/** A daemon is started, looked at, restarted and ended; what it leaves open goes on. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { documentOf, type Home, makeHome, run, Server, shim, until } from "../support/hub.ts"
import {
  begun,
  dispatched,
  ended,
  foreground,
  gated,
  hubHome,
  open,
  pidOf,
  starts,
  status,
} from "./support.ts"

let home: Home

beforeAll(async () => expect(await ensureBuilt()).toBe(true), 120_000)
beforeEach(() => {
  home = makeHome({ "hub/plugins.toml": gated })
})
afterEach(() => home.remove())

const delivered = async (run_id: string): Promise<object> =>
  until(`the end of ${run_id}`, async () => {
    const view = documentOf<{ state: string }>(await run(home, ["runs", "show", run_id, "--json"]))
    return view.state === "running" ? undefined : view
  })

const succeeded = (prompt: string) => ({
  state: "succeeded",
  answer: `done: ${prompt}`,
  attempts: [{ attempt: 1, state: "succeeded" }],
})

describe("start, status, stop", () => {
  test("each says what it found and did", async () => {
    expect(await run(home, ["status"])).toMatchObject({ code: 4, out: expect.stringContaining("No hub") })
    const started = await run(home, ["start"])
    const pid = pidOf(home)
    expect(started).toMatchObject({ code: 0, err: "" })
    expect(started.out).toContain(`is at work: pid ${pid}, ${hubHome(home)}/hub.sock`)
    const again = await run(home, ["start"])
    expect(again).toMatchObject({ code: 0 })
    expect(again.out).toContain(`was already at work: pid ${pid}`)
    const shown = await run(home, ["status"])
    expect(shown.code).toBe(0)
    for (const part of [`pid ${pid}`, hubHome(home), "http     off", "1 ready", "clients  0", "hub.log"])
      expect(shown.out).toContain(part)
    const stopped = await run(home, ["stop"])
    expect(stopped).toMatchObject({ code: 0, out: expect.stringContaining(`pid ${pid}, has ended.`) })
    await ended(pid)
    expect(fs.readdirSync(hubHome(home))).not.toContain("hub.sock")
    expect(await run(home, ["stop"])).toMatchObject({ code: 0, out: expect.stringContaining("No hub") })
  })

  test("status names the clients, and when a hub that nobody asked for by name will end", async () => {
    const client = shim(home)
    await client.initialize()
    const { clients, ends_in_ms = 0 } = await status(home)
    expect(clients).toMatchObject([{ kind: "mcp", cwd: home.path }])
    expect(ends_in_ms).toBeGreaterThan(14 * 60_000)
    expect(await client.close()).toBe(0)
  })

  test("start puts one that stays in the place of a hub that ends by itself, and changes no other", async () => {
    const client = shim(home)
    await client.initialize()
    const before = pidOf(home)
    expect((await run(home, ["start"])).out).toContain("is at work: pid")
    expect(pidOf(home)).not.toBe(before)
    expect((await status(home)).ends_in_ms).toBeUndefined()
    expect(await client.tool("list_agents", {})).toMatchObject({ agents: [{ id: "gated" }] })
    const [pid, other] = [pidOf(home), await run(home, ["start", "--port", "0", "--open"])]
    expect(other.out).toContain(`was already at work: pid ${pid}`)
    expect(other.out).toContain("To have it as you say: hub restart --port 0 --open")
    expect(pidOf(home)).toBe(pid)
    expect(await client.close()).toBe(0)
  })

  test("a hub that does not end is told of, and can be killed", async () => {
    expect((await run(home, ["start"])).code).toBe(0)
    const pid = pidOf(home)
    process.kill(pid, "SIGSTOP")
    const slow = await run(home, ["stop", "--timeout", "200 millis"])
    expect(slow.code).toBe(1)
    expect(slow.err).toContain("hub stop --kill")
    const killed = await run(home, ["stop", "--timeout", "200 millis", "--kill"])
    expect(killed).toMatchObject({ code: 0, out: expect.stringContaining("has been killed") })
    await ended(pid)
  }, 60_000)

  test("stop ends the hub inside an MCP client's process, too", async () => {
    const server = new Server(home)
    await server.initialize()
    await server.tool("list_agents", {})
    expect((await run(home, ["stop"])).code).toBe(0)
    expect(await server.child.exited).toBe(0)
  })
})

describe("open runs", () => {
  test("go on while no hub lives, and the next one delivers them", async () => {
    const run_id = await dispatched(home, "kept")
    const stopped = await run(home, ["stop"])
    expect(stopped.out).toContain("1 run is open: its agent works on, and the next hub takes over.")
    expect(processesOf([run_id])).not.toEqual([])
    open(home, "kept")
    expect(await delivered(run_id)).toMatchObject(succeeded("kept"))
    expect(starts(home, "kept")).toBe(1)
    expect(processesOf([run_id])).toEqual([])
  })

  test("who waits for one has its answer from the hub after a restart", async () => {
    expect((await run(home, ["start"])).code).toBe(0)
    const waiting = run(home, ["dispatch", "--wait", "--json", "--agent", "gated", "across"])
    await begun(home, "across")
    const before = pidOf(home)
    const restarted = documentOf(await run(home, ["restart", "--json"]))
    expect(restarted).toMatchObject({ started: true, stopped: { pid: before, runs: 1, killed: false } })
    expect(pidOf(home)).not.toBe(before)
    open(home, "across")
    const answer = await waiting
    expect(answer.code).toBe(0)
    expect(documentOf(answer)).toMatchObject(succeeded("across"))
    expect(starts(home, "across")).toBe(1)
  })

  test("survive a hub that is killed", async () => {
    const run_id = await dispatched(home, "killed")
    process.kill(pidOf(home), "SIGKILL")
    open(home, "killed")
    expect(await delivered(run_id)).toMatchObject(succeeded("killed"))
    expect(starts(home, "killed")).toBe(1)
  })

  test("go on when the socket is removed: that hub ends, and the next one has them", async () => {
    const run_id = await dispatched(home, "unreachable")
    const pid = pidOf(home)
    fs.rmSync(path.join(hubHome(home), "hub.sock"))
    await ended(pid)
    expect(processesOf([run_id])).not.toEqual([])
    open(home, "unreachable")
    expect(await delivered(run_id)).toMatchObject(succeeded("unreachable"))
    expect(starts(home, "unreachable")).toBe(1)
  })

  test("end with the hub when the home is removed, and nothing is left", async () => {
    const run_id = await dispatched(home, "homeless")
    const pid = pidOf(home)
    // All at once to the hub, which waits only so long for a removal that goes on.
    process.kill(pid, "SIGSTOP")
    fs.rmSync(hubHome(home), { recursive: true })
    process.kill(pid, "SIGCONT")
    await ended(pid)
    expect(processesOf([run_id])).toEqual([])
    expect(fs.existsSync(hubHome(home))).toBe(false)
  })
})

describe("restart", () => {
  test("keeps how the hub was started, unless told", async () => {
    expect((await run(home, ["start", "--idle", "1 hour"])).code).toBe(0)
    expect((await run(home, ["restart"])).code).toBe(0)
    expect(await status(home)).toMatchObject({ arguments: ["--idle", "3600000 millis"] })
    // Who waits for an answer asks for the next hub at once, and must not be the one who starts it.
    const waiting = run(home, ["dispatch", "--wait", "--agent", "gated", "meanwhile"])
    await begun(home, "meanwhile")
    expect((await run(home, ["restart", "--port", "0"])).code).toBe(0)
    expect(await status(home)).toMatchObject({
      arguments: ["--port", "0"],
      http: { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), access: "tokens" },
    })
    open(home, "meanwhile")
    expect(await waiting).toMatchObject({ code: 0, out: "done: meanwhile\n" })
  })

  test("a hub that does not end in time stays, and no other is started", async () => {
    expect((await run(home, ["start"])).code).toBe(0)
    const pid = pidOf(home)
    process.kill(pid, "SIGSTOP")
    const slow = await run(home, ["restart", "--timeout", "200 millis"])
    expect(slow).toMatchObject({ code: 1, err: expect.stringContaining("hub stop --kill") })
    expect(pidOf(home)).toBe(pid)
    process.kill(pid, "SIGCONT")
    await ended(pid)
  })

  test("another version is told of, and how to change over", async () => {
    const source = { through: [process.execPath], program: path.join(import.meta.dir, "../../bin/hub.ts") }
    expect((await run(home, ["start"], source)).code).toBe(0)
    const told = await run(home, ["status"])
    expect(told).toMatchObject({ code: 0, out: expect.stringContaining("`hub restart` changes over") })
    expect((await run(home, ["doctor"])).out).toContain("`hub restart` changes over")
    expect((await run(home, ["agents"])).code).toBe(0)
    expect((await run(home, ["restart"])).code).toBe(0)
    expect((await run(home, ["status"])).out).not.toContain("hub restart")
  }, 60_000)

  test("starts one where there is none", async () => {
    expect(documentOf(await run(home, ["restart", "--json"]))).toMatchObject({
      started: true,
      pid: pidOf(home),
    })
  })
})

describe("serve", () => {
  test("says in one line where it listens, and ends with 0 by a signal, leaving no socket", async () => {
    const { child, said } = await foreground(home)
    expect(said).toMatch(new RegExp(`^hub \\S+, pid ${child.pid}, listens on ${hubHome(home)}/hub.sock\\n$`))
    expect((await status(home)).pid).toBe(child.pid)
    child.kill("SIGTERM")
    expect(await child.exited).toBe(0)
    expect(fs.readdirSync(hubHome(home))).not.toContain("hub.sock")
  })

  test("a second one says who holds the home: exit code 4", async () => {
    expect((await run(home, ["start"])).code).toBe(0)
    const second = await run(home, ["serve"])
    expect(second).toMatchObject({ code: 4, out: "" })
    expect(second.err).toContain(`pid ${pidOf(home)} (hub serve)`)
    expect(second.err).toContain("hub stop")
  })

  test("takes the place of a hub that ends by itself: its runs and its clients come over", async () => {
    const client = shim(home)
    await client.initialize()
    await client.tool("list_agents", {})
    const run_id = await dispatched(home, "over")
    const before = pidOf(home)
    const { child } = await foreground(home)
    expect(pidOf(home)).toBe(child.pid)
    await ended(before)
    expect(await client.tool("check_dispatch", { run_id })).toMatchObject({ state: "running" })
    open(home, "over")
    expect(await client.tool("check_dispatch", { run_id, wait_seconds: 30 })).toMatchObject({
      state: "succeeded",
    })
    expect(starts(home, "over")).toBe(1)
    expect((await status(home)).pid).toBe(child.pid)
    expect(await client.close()).toBe(0)
    child.kill("SIGTERM")
    expect(await child.exited).toBe(0)
  })

  test("--idle: ends by itself once nobody has needed it, with 0", async () => {
    const { child } = await foreground(home, ["--idle", "200 millis"])
    expect(await child.exited).toBe(0)
    expect(fs.readdirSync(hubHome(home))).not.toContain("holder.json")
  })

  test("--port: serves HTTP; a port that is taken is exit code 4 with what to do", async () => {
    const { child, said } = await foreground(home, ["--port", "0", "--open"])
    const url = /http:\S+/.exec(said)?.[0] ?? ""
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    const other = makeHome({ "hub/plugins.toml": gated })
    try {
      const refused = await run(other, ["serve", "--port", new URL(url).port])
      expect(refused).toMatchObject({ code: 4, out: "" })
      expect(refused.err).toContain("another program does already")
      const asked = await run(other, ["start", "--port", new URL(url).port])
      expect(asked).toMatchObject({ code: 4, err: refused.err })
    } finally {
      other.remove()
    }
    child.kill("SIGTERM")
    expect(await child.exited).toBe(0)
  })

  test("a wrong flag is exit code 2, and starts nothing", async () => {
    expect(await run(home, ["serve", "--prot", "1"])).toMatchObject({ code: 2, out: "" })
    expect(await run(home, ["serve", "--port", "70000"])).toMatchObject({ code: 2, out: "" })
    expect(await run(home, ["serve", "--standalone"])).toMatchObject({ code: 2, out: "" })
    expect(await run(home, ["start", "--idle", "soon"])).toMatchObject({ code: 2, out: "" })
    expect((await run(home, ["status"])).code).toBe(4)
  })
})
