import { afterEach, beforeEach, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let home = ""
let shims: Array<Shim> = []

interface Line {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string }
}

/** A shim as a client has it: a program that reads and writes lines. */
class Shim {
  readonly child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/shim.ts")], {
    env: { ...process.env, HUB_HOME: home, HUB_RUN: "r1" },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  })
  private readonly lines = linesOf(this.child.stdout)
  private id = 0

  constructor() {
    shims.push(this)
  }

  send(message: object): void {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
    this.child.stdin.flush()
  }

  ask(method: string, params: object = {}): number {
    const id = ++this.id
    this.send({ id, method, params })
    return id
  }

  tool(name: string, given: object = {}): number {
    return this.ask("tools/call", { name, arguments: given })
  }

  /** The next line that is no news of lists. */
  async next(): Promise<Line> {
    const { done, value } = await this.lines.next()
    if (done === true) throw new Error(`The shim ended: ${await new Response(this.child.stderr).text()}`)
    return value.method?.endsWith("list_changed") === true ? this.next() : value
  }

  async initialize(): Promise<Line> {
    this.ask("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    })
    const answer = await this.next()
    this.send({ method: "notifications/initialized" })
    return answer
  }

  /** Closes the end that reads. */
  async leave(): Promise<void> {
    await this.lines.return(undefined)
  }

  async end(): Promise<number> {
    await this.child.stdin.end()
    return await this.child.exited
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let parts: Array<string> = []
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n")
    parts.push(first)
    for (const other of others) {
      yield JSON.parse(parts.join("")) as Line
      parts = [other]
    }
  }
}

const hubs = (): ReadonlyArray<number> => {
  const said = existsSync(join(home, "hubs")) ? readFileSync(join(home, "hubs"), "utf8") : ""
  return said.split("\n").slice(0, -1).map(Number)
}

/** As a machine does that runs out of memory, or as an upgrade does. */
const kill = (signal: "SIGKILL" | "SIGTERM"): void => void process.kill(hubs().at(-1)!, signal)

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "hub-shim-")))
  shims = []
})

afterEach(async () => {
  for (const { child } of shims) {
    child.kill("SIGKILL")
    await child.exited
  }
  for (const pid of hubs())
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It was killed by its test.
    }
  rmSync(home, { recursive: true, force: true })
})

test("a shim finds no hub and starts one; the next shim finds that one; each ends with its client", async () => {
  const [first, second] = [new Shim(), new Shim()]
  expect((await first.initialize()).result?.["serverInfo"]).toEqual({ name: "fixture", version: "1" })
  await second.initialize()
  expect(hubs().length).toBe(1)
  first.tool("look")
  const { result } = await first.next()
  expect(result?.["hello"]).toMatchObject({
    cwd: process.cwd(),
    parent_run: "r1",
    kind: "mcp",
    version: "1.2.3",
  })
  expect(await Promise.all([first.end(), second.end()])).toEqual([0, 0])
})

test.each(["SIGKILL", "SIGTERM"] as const)(
  "a hub that ends by %s in the middle of calls is not noticed",
  async (signal) => {
    const shim = new Shim()
    await shim.initialize()
    shim.ask("logging/setLevel", { level: "info" })
    await shim.next()
    shim.ask("resources/subscribe", { uri: "hub://a" })
    await shim.next()
    shim.ask("resources/subscribe", { uri: "hub://b" })
    await shim.next()
    shim.ask("resources/unsubscribe", { uri: "hub://a" })
    await shim.next()
    const listed = shim.ask("tools/list", { hang: true })
    await shim.next()
    const looked = shim.tool("look", { hang: true })
    const { params: look } = await shim.next()
    const dispatched = shim.tool("dispatch", { hang: true })
    const { params: dispatch } = await shim.next()
    kill(signal)
    expect(await shim.next()).toMatchObject({
      method: "notifications/resources/updated",
      params: { uri: "hub://b" },
    })
    const answers = [await shim.next(), await shim.next(), await shim.next()]
    expect(answers.map(({ id }) => id)).toEqual([listed, looked, dispatched])
    for (const { result } of answers) expect(result?.["pid"]).toBe(hubs()[1])
    // What the next hub was told before: all that lasts, and nothing twice.
    expect(answers[0]!.result?.["before"]).toEqual([
      "initialize",
      "notifications/initialized",
      "logging/setLevel",
      "resources/subscribe",
    ])
    const keys = [look, dispatch].map((params) => (params as { data: { key: string } }).data.key)
    expect(new Set(keys).size).toBe(2)
    expect(answers.slice(1).map(({ result }) => keyOf(result))).toEqual(keys)
  },
)

const keyOf = (result: Line["result"]): unknown =>
  (result as { params: { _meta: Record<string, unknown> } }).params._meta["hub/call_key"]

test("a call that may have taken effect is not repeated: the client is told where to look", async () => {
  const shim = new Shim()
  await shim.initialize()
  const changed = shim.tool("change", { hang: true })
  await shim.next()
  kill("SIGKILL")
  const { error, id } = await shim.next()
  expect(id).toBe(changed)
  expect(error?.message).toContain("The hub restarted while change was under way")
  expect(error?.message).toContain("list_dispatches")
  // It stays stopped until somebody asks for something.
  expect(hubs().length).toBe(1)
  const next = shim.tool("change")
  expect(await shim.next()).toMatchObject({ id: next, result: { pid: hubs()[1] } })
})

test("what the client says while there is no hub is kept in its order", async () => {
  const shim = new Shim()
  await shim.initialize()
  const changed = shim.tool("change", { hang: true })
  await shim.next()
  kill("SIGKILL")
  expect((await shim.next()).id).toBe(changed)
  const ids = Array.from({ length: 50 }, () => shim.tool("look"))
  const answers: Array<Line> = []
  for (const _ of ids) answers.push(await shim.next())
  expect(answers.map(({ id }) => id)).toEqual(ids)
})

test("hubs that are killed at any moment under load: each request has one answer", async () => {
  const shim = new Shim()
  await shim.initialize()
  const asked: Array<number> = []
  const answered: Array<unknown> = []
  let killed = 0
  for (let round = 0; round < 6; round++) {
    for (let n = 0; n < 40; n++)
      asked.push(shim.tool(n % 4 === 0 ? "change" : "look", { text: "x".repeat(n * 500) }))
    // Somewhere in the middle of the answers.
    for (let n = 0; n < round * 6; n++) answered.push((await shim.next()).id)
    // The answers may all be of the hub before: there is another now.
    while (hubs().length === killed) await Bun.sleep(1)
    killed = hubs().length
    kill("SIGKILL")
    while (answered.length < asked.length) answered.push((await shim.next()).id)
  }
  expect([...answered].sort((a, b) => Number(a) - Number(b))).toEqual(asked)
}, 60_000)

test("a question of a hub that is gone is withdrawn, and its late answer reaches nobody", async () => {
  const shim = new Shim()
  await shim.initialize()
  const asked = shim.tool("look", { ask: true })
  const question = await shim.next()
  expect(question.method).toBe("sampling/createMessage")
  expect((await shim.next()).id).toBe(asked)
  kill("SIGKILL")
  expect(await shim.next()).toMatchObject({
    method: "notifications/cancelled",
    params: { requestId: question.id },
  })
  // The next hub counts from the start: its question must not get the answer to the earlier one.
  shim.tool("look", { ask: true })
  const again = await shim.next()
  expect(again.method).toBe("sampling/createMessage")
  expect(again.id).not.toBe(question.id)
  await shim.next()
  shim.send({ id: question.id, result: { text: "late" } })
  shim.send({ id: again.id, result: { text: "now" } })
  expect(await shim.next()).toMatchObject({ params: { level: "answered", data: { text: "now" } } })
})

test("a subscription of the newest protocol goes on, and is acknowledged once", async () => {
  const shim = new Shim()
  shim.send({ id: "s", method: "subscriptions/listen", params: {} })
  expect((await shim.next()).method).toBe("notifications/subscriptions/acknowledged")
  kill("SIGKILL")
  const id = shim.tool("look")
  const answer = await shim.next()
  expect(answer).toMatchObject({ id, result: { before: ["subscriptions/listen"] } })
})

test("a hub that cannot start is an error for each request, and tried again", async () => {
  writeFileSync(join(home, "broken"), "plugins.toml:3:1  no plugin.")
  const shim = new Shim()
  const id = shim.ask("initialize")
  expect(await shim.next()).toMatchObject({ id, error: { message: "plugins.toml:3:1  no plugin." } })
  rmSync(join(home, "broken"))
  expect((await shim.initialize()).result).toBeDefined()
  expect(await shim.end()).toBe(0)
})

test("a client that never had a hub is told the reason by the exit code, too", async () => {
  writeFileSync(join(home, "broken"), "no.")
  const shim = new Shim()
  shim.ask("initialize")
  await shim.next()
  expect(await shim.end()).toBe(4)
  expect(await new Response(shim.child.stderr).text()).toContain("hub: no.")
})

test("rubbish is answered, and what follows it is served", async () => {
  const shim = new Shim()
  await shim.initialize()
  shim.child.stdin.write('rubbish\n[]\n{"id":null}\n\n')
  const id = shim.tool("look")
  const answers = [await shim.next(), await shim.next(), await shim.next(), await shim.next()]
  expect(answers.map((one) => one.error?.code ?? one.id)).toEqual([-32_700, -32_600, -32_600, id])
})

test("a request that is too long is answered by its id", async () => {
  const shim = new Shim()
  await shim.initialize()
  const id = shim.tool("look", { text: "x".repeat(21_000_000) })
  expect(await shim.next()).toMatchObject({ id, error: { code: -32_600 } })
})

test("requests of 15 MB pass, many at once, both ways", async () => {
  const shim = new Shim()
  await shim.initialize()
  const text = "ü".repeat(7_500_000)
  const ids = [1, 2, 3, 4].map(() => shim.tool("look", { text }))
  for (const id of ids) {
    const { id: own, result } = await shim.next()
    expect(own).toBe(id)
    expect((result as { params: { arguments: { text: string } } }).params.arguments.text === text).toBe(true)
  }
}, 60_000)

test("a client that reads late gets every answer, in order", async () => {
  const shim = new Shim()
  await shim.initialize()
  const text = "x".repeat(1_000_000)
  // More than all buffers between here and there hold.
  const ids = Array.from({ length: 40 }, () => shim.tool("look", { text }))
  await shim.child.stdin.flush()
  for (const id of ids) expect((await shim.next()).id).toBe(id)
}, 60_000)

test.each([
  ["a client that goes away", (shim: Shim) => void shim.child.stdin.end()],
  ["SIGTERM", (shim: Shim) => shim.child.kill("SIGTERM")],
  [
    "a client that reads no more",
    async (shim: Shim) => {
      await shim.leave()
      // Its end is closed a moment later, and only who writes after that learns of it.
      shim.tool("flood")
    },
  ],
])("%s ends the shim, with a call open", async (_, end) => {
  const shim = new Shim()
  await shim.initialize()
  shim.tool("change", { hang: true })
  await shim.next()
  await end(shim)
  expect(await shim.child.exited).toBe(0)
})

/** Everything that a file of ours loads when it starts. */
const loaded = (file: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(file)) return seen
  seen.add(file)
  if (!file.startsWith("/")) return seen
  const loader = new Bun.Transpiler({ loader: "ts" })
  for (const { kind, path } of loader.scanImports(readFileSync(file, "utf8")))
    if (kind === "import-statement") loaded(path.startsWith(".") ? join(file, "..", path) : path, seen)
  return seen
}

test("a shim loads nothing of the hub", () => {
  const files = [...loaded(join(import.meta.dir, "Shim.ts"))]
  const foreign = files.filter((file) => !file.startsWith("/") && !file.startsWith("node:"))
  expect(foreign).toEqual([])
  expect(files.length).toBeLessThan(20)
})
