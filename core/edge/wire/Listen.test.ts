import { expect, test } from "bun:test"
import { chmodSync } from "node:fs"
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server"
import { Deferred, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { effect, live, tempHome } from "../../testing/effect.ts"
import type { Door } from "../Door.ts"
import { described } from "../fixtures/described.ts"
import { connect } from "./Connect.ts"
import { hello, raw } from "./fixtures/raw.ts"
import { listen, type McpClient } from "./Listen.ts"
import { ENDING } from "./Protocol.ts"

const caller = { door: "cli", client: "test" } as const

const big = "x".repeat(1_000_000)

const door: Door = {
  operations: Effect.succeed([described("look", true), described("change", false)]),
  call: (name, input, _, talk) =>
    Effect.gen(function* () {
      if (name === "count")
        for (const done of [1, 2, 3]) yield* talk!.progress({ done, total: 3, message: `step ${done}` })
      return { output: name === "big" ? big : (input ?? "nothing") }
    }),
}

/** Answers nothing; tells whom it serves. */
const serving = (own: Door = door) =>
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const served = yield* Queue.unbounded<McpClient>()
    const left = yield* Queue.unbounded<string>()
    const mcp = (client: McpClient) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Queue.offer(left, client.hello.cwd ?? ""))
        yield* Queue.offer(served, client)
        return yield* Effect.never
      })
    const clients = yield* listen({ door: own, path, version: "1.2.3", mcp })
    return { path, clients, served, left }
  })

const asking = <A>(work: () => Promise<A>) => Effect.promise(work)

live(
  "a connection begins with who one is, and what may be asked again",
  Layer.empty,
  Effect.gen(function* () {
    const { clients, path } = yield* serving()
    const client = yield* asking(() => raw(path))
    client.write(hello({ cwd: "/somewhere", parent_run: "r1" }))
    expect(yield* asking(client.next)).toEqual({
      welcome: { protocol: 1, version: "1.2.3", pid: process.pid, repeatable: ["look"] },
    })
    const [one] = yield* clients.list
    expect(one).toMatchObject({ kind: "calls", version: "1", cwd: "/somewhere", parent_run: "r1" })
    if (process.platform === "linux") expect(one?.pid).toBe(process.pid)
    client.hangUp()
    yield* Stream.runDrain(Stream.takeUntil(clients.changes, (count) => count === 0))
    expect(yield* clients.list).toEqual([])
  }),
)

live(
  "whoever does not begin so is told why, and hung up on",
  Layer.empty,
  Effect.gen(function* () {
    const { clients, path } = yield* serving()
    for (const [first, reason] of [
      ["rubbish\n", "malformed"],
      ["{}\n", "malformed"],
      ["\n", "malformed"],
      [hello({ kind: "other" }), "malformed"],
      [hello({ unknown: 1 }), "malformed"],
      [hello({ cwd: "x".repeat(70_000) }), "malformed"],
      [hello({ protocol: 2, unknown: 1 }), "protocol"],
      ['{"hello":null}\n', "malformed"],
      ["GET / HTTP/1.1\r\n", "malformed"],
    ] as const) {
      const client = yield* asking(() => raw(path))
      client.write(first)
      const { refused } = (yield* asking(client.next)) as { refused: { reason: string; message: string } }
      expect(refused.reason).toBe(reason)
      expect(refused.message.length).toBeGreaterThan(10)
      yield* asking(() => client.closed)
    }
    expect(yield* clients.busy).toBe(0)
  }),
)

effect(
  "whoever says nothing is hung up on",
  Effect.gen(function* () {
    const { path } = yield* serving()
    const silent = yield* asking(() => raw(path))
    // Connections are taken in their order: this one's welcome means that the other's time runs.
    const other = yield* asking(() => raw(path))
    other.write(hello())
    yield* asking(other.next)
    yield* TestClock.adjust("5 seconds")
    expect(yield* asking(silent.next)).toMatchObject({ refused: { reason: "malformed" } })
    yield* asking(() => silent.closed)
    other.write('{"id":1,"call":{"name":"x","caller":{"door":"cli","client":"t"}}}\n')
    expect(yield* asking(other.next)).toEqual({ id: 1, output: "nothing" })
  }),
)

live(
  "a line that is no call ends its connection only",
  Layer.empty,
  Effect.gen(function* () {
    const { path } = yield* serving()
    const far = yield* connect(path)
    for (const line of [
      "rubbish\n",
      '{"id":1}\n',
      '{"id":"1","operations":true}\n',
      '{"id":1,"call":{"name":"x","caller":{}}}\n',
      `{"a":"${"x".repeat(21_000_000)}"}\n`,
    ]) {
      const client = yield* asking(() => raw(path))
      client.write(hello())
      yield* asking(client.next)
      client.write(line)
      expect(yield* asking(client.next)).toMatchObject({ refused: { reason: "malformed" } })
      yield* asking(() => client.closed)
    }
    expect((yield* far.call("look", 1, caller)).output).toBe(1)
  }),
)

live(
  "several calls are under way at once, each with its progress",
  Layer.empty,
  Effect.gen(function* () {
    const { path } = yield* serving()
    const far = yield* connect(path)
    const told = yield* Queue.unbounded<number>()
    const talk = { progress: ({ done }: { done: number }) => Queue.offer(told, done), log: () => Effect.void }
    const counting = far.call("count", {}, caller, { ...talk, ask: () => Effect.never } as never)
    const all = yield* Effect.all([counting, far.call("look", 2, caller), far.call("look", 3, caller)], {
      concurrency: "unbounded",
    })
    expect(all.map(({ output }) => output)).toEqual([{}, 2, 3])
    expect(yield* Queue.takeN(told, 3)).toEqual([1, 2, 3])
  }),
)

live(
  "a client that does not read is cut off, and the others are served",
  Layer.empty,
  Effect.gen(function* () {
    const { clients, path } = yield* serving()
    const slow = yield* asking(() => raw(path))
    slow.write(hello())
    yield* asking(slow.next)
    slow.pause()
    for (let id = 1; id <= 70; id++)
      slow.write(`{"id":${id},"call":{"name":"big","caller":{"door":"cli","client":"t"}}}\n`)
    const far = yield* connect(path)
    expect((yield* far.call("look", 1, caller)).output).toBe(1)
    yield* Stream.runDrain(Stream.takeUntil(clients.changes, (count) => count === 1))
    slow.resume()
    yield* asking(() => slow.closed)
  }),
)

const opened = (transport: Transport) => {
  const heard: Array<JSONRPCMessage> = []
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  Object.assign(transport, { onmessage: (message: JSONRPCMessage) => heard.push(message), onclose: resolve })
  return { heard, closed }
}

live(
  "MCP begins behind the hello, and ends with its client",
  Layer.empty,
  Effect.gen(function* () {
    const { left, path, served } = yield* serving()
    const client = yield* asking(() => raw(path))
    // All at once: nothing of it is lost while the hub looks who that is.
    client.write(`${hello({ kind: "mcp", cwd: "/s1" })}{"jsonrpc":"2.0","id":1,"method":"ping"}\nrubbish\n`)
    const { transport } = yield* Queue.take(served)
    const { closed, heard } = opened(transport)
    yield* asking(() => transport.start())
    expect(yield* asking(client.next)).toMatchObject({ welcome: { protocol: 1 } })
    expect(heard).toEqual([{ jsonrpc: "2.0", id: 1, method: "ping" }])
    expect(yield* asking(client.next)).toMatchObject({ error: { code: -32_700 } })
    yield* asking(() => transport.send({ jsonrpc: "2.0", id: 1, result: {} }))
    expect(yield* asking(client.next)).toEqual({ jsonrpc: "2.0", id: 1, result: {} })
    client.hangUp()
    yield* asking(() => closed)
    expect(yield* Queue.take(left)).toBe("/s1")
  }),
)

live(
  "a hub that ends waits for what changes something, and sends the rest to the next one",
  Layer.empty,
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { path, served } = yield* Scope.provide(serving(), scope)
    const client = yield* asking(() => raw(path))
    client.write(hello({ kind: "mcp", cwd: "/s1" }))
    yield* asking(client.next)
    const { transport } = yield* Queue.take(served)
    const begun = yield* Deferred.make<void>()
    Object.assign(transport, { onmessage: () => Deferred.doneUnsafe(begun, Exit.void) })
    yield* asking(() => transport.start())
    const call = (id: number, name: string) =>
      `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name } })}\n`
    client.write(call(1, "change"))
    yield* Deferred.await(begun)
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    const late = yield* asking(() => refusedAsEnding(client, call))
    expect(late).toMatchObject({ error: { code: ENDING } })
    yield* asking(() => transport.send({ jsonrpc: "2.0", id: 1, result: { done: true } }))
    const rest = yield* asking(() => Array.fromAsync(allOf(client)))
    // What was asked in the same instant may be refused behind it.
    expect(rest).toContainEqual({ jsonrpc: "2.0", id: 1, result: { done: true } })
    yield* asking(() => client.closed)
    yield* Fiber.join(closing)
  }),
)

type Client = Awaited<ReturnType<typeof raw>>

/** Calls until the hub says that it ends: at first it still begins what is asked. */
const refusedAsEnding = async (client: Client, call: (id: number, name: string) => string) => {
  const told = client.next()
  for (let id = 2; ; id++) {
    client.write(call(id, "look"))
    const first = await Promise.race([told, Bun.sleep(1)])
    if (first !== undefined) return first
  }
}

async function* allOf(client: Client) {
  for (let line = await client.next(); line !== undefined; line = await client.next()) yield line
}

const nobody = 65_534
const cannotTry = process.platform !== "linux" || process.getuid?.() !== 0

/** Says hello as another user, with what a machine has for that. */
const asNobody = async (path: string): Promise<string> => {
  const code = `
    const socket = await Bun.connect({ unix: ${JSON.stringify(path)}, socket: { data: (_, chunk) => console.log(String(chunk)), close: () => process.exit(0) } })
    socket.write(${JSON.stringify(hello())})`
  const command = [
    "setpriv",
    `--reuid=${nobody}`,
    `--regid=${nobody}`,
    "--clear-groups",
    process.execPath,
    "-e",
    code,
  ]
  const child = Bun.spawn(command, {
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    stdout: "pipe",
  })
  await child.exited
  return await new Response(child.stdout).text()
}

// Another user can be tried by root only, and only on Linux.
if (cannotTry || Bun.which("setpriv") === null)
  test.skip("another user is refused, even when the file lets him in", () => {})
else
  live(
    "another user is refused, even when the file lets him in",
    Layer.empty,
    Effect.gen(function* () {
      const { clients, path } = yield* serving()
      chmodSync(path, 0o666)
      chmodSync(path.replace("/hub.sock", ""), 0o755)
      expect(yield* asking(() => asNobody(path))).toContain('"reason":"stranger"')
      expect(yield* clients.busy).toBe(0)
    }),
  )

/** Those who knock in one go. The queue of macOS is shorter. */
const atOnce = process.platform === "linux" ? 1_000 : 100

// Time stands still: they say nothing, and none of them is hung up on for that before all are there.
effect(
  "a thousand clients are let in at once, and more than a hub bears are told so",
  Effect.gen(function* () {
    const { path } = yield* serving()
    const all: Array<Client> = []
    while (all.length < 1_000)
      all.push(...(yield* asking(() => Promise.all(Array.from({ length: atOnce }, () => raw(path))))))
    const last = yield* asking(() => raw(path))
    last.write(hello())
    expect(yield* asking(last.next)).toMatchObject({ refused: { reason: "full" } })
    for (const one of all) one.hangUp()
    yield* asking(() => Promise.all(all.map(({ closed }) => closed)))
    const far = yield* connect(path)
    expect((yield* far.call("look", 1, caller)).output).toBe(1)
  }),
)

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => new TextEncoder().encode(`${text}\n`)),
  fc
    .record(
      {
        id: fc.oneof(fc.integer(), fc.string()),
        operations: fc.boolean(),
        cancel: fc.integer({ min: -2, max: 5 }),
        call: fc.record({ name: fc.string(), input: fc.jsonValue(), caller: fc.constant(caller) }),
      },
      { requiredKeys: [] },
    )
    .map((ask) => new TextEncoder().encode(`${JSON.stringify(ask)}\n`)),
)

live(
  "whatever comes, the hub lives, and keeps nothing of it",
  Layer.empty,
  Effect.gen(function* () {
    const { clients, path, served } = yield* serving()
    const far = yield* connect(path)
    yield* Effect.forkChild(
      Effect.forever(Effect.flatMap(Queue.take(served), ({ transport }) => asking(() => transport.start()))),
    )
    const round = (count: number) =>
      asking(() =>
        fc.assert(
          fc.asyncProperty(
            fc.constantFrom("", "calls", "mcp"),
            fc.array(piece, { maxLength: 6 }),
            async (kind, pieces) => {
              const client = await raw(path)
              if (kind !== "") client.write(hello({ kind }))
              for (const one of pieces) client.write(one)
              client.write("\nnonsense\n")
              // It answers something, or has hung up.
              await client.next()
              client.hangUp()
            },
          ),
          { numRuns: count },
        ),
      )
    const settled = Stream.runDrain(Stream.takeUntil(clients.changes, (count) => count === 1))
    const used = Effect.sync(() => {
      Bun.gc(true)
      return process.memoryUsage().heapUsed
    })
    yield* round(300)
    yield* settled
    const before = yield* used
    yield* round(1_500)
    yield* settled
    expect((yield* used) - before).toBeLessThan(8_000_000)
    expect((yield* far.call("look", 1, caller)).output).toBe(1)
  }),
  60_000,
)
