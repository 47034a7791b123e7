/** The HTTP door of the built daemon, and 6,000 connections that do not keep to the rules. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fs from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import * as fc from "fast-check"
import { ensureBuilt } from "../../bin/binary.ts"
import { agent, type Home, makeHome, until } from "../support/hub.ts"
import { type Daemon, serveHttp } from "../support/serve.ts"
import { type Case, request } from "./requests.ts"

let home: Home
let daemon: Daemon

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  const serve = "[serve]\ncalls_per_minute = 1000000\n"
  home = makeHome({ "hub/plugins.toml": serve + agent("echo", "cat") })
  daemon = await serveHttp(home)
}, 120_000)

afterAll(async () => {
  await daemon.stop()
  home.remove()
})

/** A hub rightly waits for the rest of what is half there: so long does the client, in milliseconds. */
const patience = 40

/** What came back. */
const sent = ({ bytes, client }: Case): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(daemon.url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    let got = ""
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(got)
    }
    const timer = setTimeout(done, patience)
    socket.on("data", (piece) => {
      got += piece.toString("latin1")
      if (client === "answer") done()
    })
    socket.on("error", done).on("end", done)
    socket.write(bytes, "latin1", () => {
      if (client === "leave") done()
      if (client === "half") socket.end()
    })
  })

const together = 30
const many = fc.array(request, { minLength: together, maxLength: together, size: "max" })

const isFaulty = (answer: string): boolean =>
  answer !== "" && (!/^HTTP\/1\.[01] \d{3} /.test(answer) || answer.startsWith("HTTP/1.1 500"))

const fuzzed = (batches: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(many, async (cases) => {
      const answers = await Promise.all(cases.map(sent))
      expect(answers.filter(isFaulty)).toEqual([])
    }),
    { numRuns: batches },
  )

const post = async (path: string, body: object) => {
  const response = await fetch(`${daemon.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "good", version: "1" } },
}

const serves = async () => {
  expect(await (await fetch(`${daemon.url}/livez`)).json()).toEqual({ live: true })
  expect((await post("/api/list_agents", {})).text).toContain('"echo"')
  expect(await post("/mcp", initialize)).toMatchObject({
    status: 200,
    text: expect.stringContaining("serverInfo"),
  })
}

interface Line {
  readonly level: string
}

const logged = (): ReadonlyArray<Line> =>
  fs
    .readFileSync(join(home.path, "hub/logs/hub.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line)

const descriptors = (): number => fs.readdirSync(`/proc/${daemon.pid}/fd`).length
const memory = (): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) / 1024

const [warming, more] = [60, 140]

test("whatever comes, good requests are answered, and nothing is kept", async () => {
  await serves()
  const before = process.platform === "linux" ? descriptors() : 0
  await fuzzed(warming)
  const warm = process.platform === "linux" ? memory() : 0
  await fuzzed(more)
  await serves()
  expect(logged().filter(({ level }) => level === "error" || level === "fatal")).toEqual([])
  if (process.platform !== "linux") return
  await until("connections that are let go", () => descriptors() <= before + 2 || undefined)
  expect(memory()).toBeLessThan(warm * 1.4 + 20)
}, 120_000)
