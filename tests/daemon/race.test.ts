/** Whoever comes first starts the hub, and everyone has the same one. */
import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, shim } from "../support/hub.ts"
import { ended, hubHome, hubStarts, hubs, pidOf } from "./support.ts"

let home: Home

beforeAll(async () => expect(await ensureBuilt()).toBe(true), 120_000)
beforeEach(() => {
  home = makeHome({ "hub/plugins.toml": agent("echo", "cat") })
})
afterEach(() => home.remove())

const many = Array.from({ length: 10 }, (_, index) => index)

test("ten shims and ten commands at once start one hub, and all are answered by it", async () => {
  const shims = many.map(() => shim(home))
  const [commands, clients] = await Promise.all([
    Promise.all(many.map(() => run(home, ["agents", "--json"]))),
    Promise.all(
      shims.map(async (client) => {
        await client.initialize()
        return client.tool<{ pid: number }>("hub_status", {})
      }),
    ),
  ])
  for (const command of commands) expect(documentOf(command)).toMatchObject({ agents: [{ id: "echo" }] })
  const pid = pidOf(home)
  expect(clients.map((client) => client.pid)).toEqual(many.map(() => pid))
  expect(hubStarts(home)).toBe(1)
  expect(await Promise.all(shims.map((client) => client.close()))).toEqual(many.map(() => 0))
  expect(hubs(home)).toEqual([pid])
}, 60_000)

test("who finds the remains of a killed hub starts the next one", async () => {
  expect((await run(home, ["agents"])).code).toBe(0)
  const first = pidOf(home)
  process.kill(first, "SIGKILL")
  await ended(first)
  expect(fs.lstatSync(path.join(hubHome(home), "hub.sock")).isSocket()).toBe(true)
  expect(fs.existsSync(path.join(hubHome(home), "holder.json"))).toBe(true)
  const answered = await Promise.all(many.map(() => run(home, ["agents", "--json"])))
  for (const one of answered) expect(documentOf(one)).toMatchObject({ agents: [{ id: "echo" }] })
  expect(pidOf(home)).not.toBe(first)
  expect(hubs(home)).toEqual([pidOf(home)])
}, 60_000)

test("the pid that a killed hub has left is another program's by now: it is let alone", async () => {
  expect((await run(home, ["agents"])).code).toBe(0)
  const first = pidOf(home)
  process.kill(first, "SIGKILL")
  await ended(first)
  const stranger = Bun.spawn(["sleep", "60"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
  try {
    const file = path.join(hubHome(home), "holder.json")
    const holder = JSON.parse(fs.readFileSync(file, "utf8")) as object
    fs.writeFileSync(file, JSON.stringify({ ...holder, pid: stranger.pid }))
    expect(await run(home, ["stop"])).toMatchObject({ code: 0, out: expect.stringContaining("No hub") })
    expect((await run(home, ["agents"])).code).toBe(0)
    expect((await run(home, ["stop"])).code).toBe(0)
    expect(stranger.exitCode).toBe(null)
    expect(stranger.signalCode).toBe(null)
  } finally {
    stranger.kill("SIGKILL")
    await stranger.exited
  }
})

test("what needs no hub starts none", async () => {
  const commands = [
    ["--version"],
    ["version"],
    ["help"],
    ["help", "--all"],
    ["check"],
    ["pipeline", "lint"],
    ["doctor"],
    ["status"],
    ["stop"],
    ["init"],
    ["no-such-command"],
    ["plugin", "new", "agent-acme"],
    ["service", "status"],
    ["__complete", "--", "dispatch", "--agent", ""],
  ]
  for (const command of commands) {
    await run(home, command)
    expect({ command, hubs: hubs(home) }).toEqual({ command, hubs: [] })
  }
  expect(fs.existsSync(path.join(hubHome(home), "hub.sock"))).toBe(false)
}, 60_000)

test("--config is for the hub that it starts; where another one is at work, it is told how to change over", async () => {
  home.write("other.toml", agent("another", "cat"))
  const asked = ["agents", "--json", "--config", "other.toml"]
  const first = await run(home, asked)
  expect(documentOf(first)).toMatchObject({ agents: [{ id: "another" }] })
  expect(await run(home, asked)).toEqual(first)
  home.write("third.toml", agent("third", "cat"))
  const refused = await run(home, ["agents", "--config", "third.toml"])
  expect(refused).toMatchObject({ code: 4, out: "" })
  expect(refused.err).toContain(`reads ${home.path}/other.toml.`)
  expect(refused.err).toContain(`hub restart --config ${home.path}/third.toml`)
  expect((await run(home, ["restart", "--config", "third.toml"])).code).toBe(0)
  expect(documentOf(await run(home, ["agents", "--json"]))).toMatchObject({ agents: [{ id: "third" }] })
})

test("a hub that an agent's command starts is not of that run", async () => {
  const env = { HUB_RUN: "261121-abcdefgh", HUB_ATTEMPT: "somewhere/1" }
  expect((await run(home, ["agents"], { env })).code).toBe(0)
  const environ = fs.readFileSync(`/proc/${pidOf(home)}/environ`, "utf8").split("\0")
  expect(environ.filter((entry) => /^HUB_(RUN|ATTEMPT)=/.test(entry))).toEqual([])
})
