import { expect } from "bun:test"
import { createServer } from "node:net"
import { Effect, Exit, Fiber, Scope } from "effect"
import { live } from "../../testing/effect.ts"
import { body, get, type Given, ground, json, post, raw, serving, waiting } from "../fixtures/http.ts"

/** The message of a refusal to serve. */
const refusal = (given: Given) =>
  Effect.flip(serving(given)).pipe(Effect.map((error) => ("message" in error ? error.message : "")))

live(
  "an operation is asked with JSON and answers with JSON",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const response = yield* post(`${url}/api/acme_status`, '{"level":"high"}')
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "application/json;charset=utf-8",
    ])
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    expect(response.headers.get("server")).toBeNull()
    expect(yield* body(response)).toEqual({ level: "high", deep: true } as never)
    expect((yield* get(`${url}/api/list_agents`, { method: "POST" })).status).toBe(200)
  }),
)

live(
  "each failure has a status, a code and a sentence, and no more",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const told = Effect.fnUntraced(function* (path: string, text: string, headers = json) {
      const response = yield* post(`${url}${path}`, text, headers)
      const { error } = (yield* body(response)) as { error: { code: string; message: string } }
      expect(error.message).not.toContain("    at ")
      return [response.status, error.code, error.message]
    })
    expect(yield* told("/api/acme_status", "{")).toEqual([
      400,
      "invalid",
      "The body is no JSON: JSON Parse error: Expected '}'.",
    ])
    expect(yield* told("/api/acme_status", '{"count":99}')).toEqual([
      422,
      "invalid",
      "count: expected an integer from 1 to 9, got 99",
    ])
    expect((yield* told("/api/acme_status", "[".repeat(70) + "]".repeat(70)))[0]).toBe(422)
    expect(yield* told("/api/acme_status", "{}", { "content-type": "text/plain" })).toEqual([
      415,
      "invalid",
      "The body must be JSON: send `Content-Type: application/json`.",
    ])
    expect(yield* told("/api/acme_stats", "{}")).toEqual([
      404,
      "not_found",
      'There is no operation "acme_stats". Did you mean acme_status?',
    ])
    expect((yield* told("/api/acme_refuse", "{}")).slice(0, 2)).toEqual([403, "denied"])
    const broken = yield* told("/api/acme_break", "{}")
    expect(broken.slice(0, 2)).toEqual([500, "internal"])
    expect(broken[2]).not.toContain("inner secret detail")
  }),
)

live(
  "an unknown path names those that exist, a wrong method those that fit",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const unknown = yield* get(`${url}/api`)
    expect(unknown.status).toBe(404)
    expect(JSON.stringify(yield* body(unknown))).toContain("POST /api/<operation>")
    const wrong = yield* get(`${url}/api/dispatch`)
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST, OPTIONS"])
    const livez = yield* get(`${url}/livez`, { method: "DELETE" })
    expect([livez.status, livez.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"])
    const head = yield* get(`${url}/livez`, { method: "HEAD" })
    expect([head.status, yield* Effect.promise(() => head.text())]).toEqual([200, ""])
    const options = yield* get(`${url}/mcp`, { method: "OPTIONS" })
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, POST, DELETE, OPTIONS"])
  }),
)

live(
  "an address that others reach is not served on in open mode, nor without a token",
  ground,
  Effect.gen(function* () {
    expect(yield* refusal({ settings: { host: "0.0.0.0", open: true } })).toBe(
      "The hub does not serve HTTP on 0.0.0.0 port 0: open = true is for a loopback address only: whoever reached this one could do everything. Leave it out of [serve], or set host to 127.0.0.1.",
    )
    expect(yield* refusal({ settings: { host: "0.0.0.0", open: false } })).toBe(
      "The hub does not serve HTTP on 0.0.0.0 port 0: it is no loopback address, and there is no token that could be asked for. Make one first: hub token create NAME --scope read,dispatch",
    )
  }),
)

live(
  "a port that is taken, and an address that is not there, are named with what to do",
  ground,
  Effect.gen(function* () {
    const other = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer()
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close()),
    )
    const { port } = other.address() as { port: number }
    expect(yield* refusal({ settings: { port } })).toContain(
      `on 127.0.0.1 port ${port}: another program does already. Set port under [serve]`,
    )
    expect(yield* refusal({ settings: { host: "127.0.0.1.invalid" } })).toContain("127.0.0.1.invalid")
  }),
)

live(
  "readyz says why not",
  ground,
  Effect.gen(function* () {
    const ready = Effect.succeed({ ready: false, reasons: ["The database is locked."] })
    const { url } = yield* serving({ ready })
    const response = yield* get(`${url}/readyz`)
    expect([response.status, yield* body(response)]).toEqual([
      503,
      { ready: false, reasons: ["The database is locked."] } as never,
    ])
  }),
)

live(
  "a body that is too large is refused, whether its length is told or not",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const large = "x".repeat(20_200_000)
    const told = yield* post(`${url}/api/dispatch`, large)
    expect([told.status, yield* body(told)]).toEqual([
      413,
      { error: { code: "too_large", message: "The body is larger than 20.1 MB." } } as never,
    ])
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(large))
        controller.close()
      },
    })
    const untold = yield* get(`${url}/api/dispatch`, { method: "POST", headers: json, body: stream })
    expect(untold.status).toBe(413)
  }),
  60_000,
)

live(
  "what is no HTTP, or two requests in one, is refused and the hub lives on",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const wrong = [
      "\x16\x03\x01garbage\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa",
      "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(100_000)}\r\n\r\n`,
    ]
    for (const text of wrong) expect(yield* Effect.promise(() => raw(url, text))).toMatch(/^(HTTP\/1.1 4|$)/)
    expect((yield* get(`${url}/livez`)).status).toBe(200)
  }),
)

live(
  "a head that drips in is cut off",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving()
    const drip = yield* Effect.promise(() =>
      raw(url, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", { drip: "a" }),
    )
    expect(drip).toBe("")
    expect((yield* get(`${url}/livez`)).status).toBe(200)
  }),
  60_000,
)

live(
  "a client that hangs up ends its call",
  ground,
  Effect.gen(function* () {
    const call = yield* waiting("wait_here", false)
    const { url } = yield* serving({ operations: [call.handle] })
    const away = new AbortController()
    const asked = fetch(`${url}/api/wait_here`, { method: "POST", signal: away.signal }).catch(() => "gone")
    yield* call.begun
    away.abort()
    yield* call.stopped
    expect(yield* Effect.promise(() => asked)).toBe("gone")
  }),
)

live(
  "a hub that ends lets a call that changes something finish, and breaks off one that looks",
  ground,
  Effect.gen(function* () {
    const change = yield* waiting("change", false)
    const look = yield* waiting("look", true)
    const scope = yield* Scope.make()
    const { stats, url } = yield* Scope.provide(serving({ operations: [change.handle, look.handle] }), scope)
    const ask = (name: string) => fetch(`${url}/api/${name}`, { method: "POST" })
    const [changing, looking] = [ask("change"), ask("look")]
    yield* Effect.all([change.begun, look.begun])
    expect(yield* stats).toMatchObject({ calls: 2, requests: 2 })
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    expect((yield* Effect.promise(() => looking)).status).toBe(503)
    yield* change.release
    const done = yield* Effect.promise(() => changing)
    expect([done.status, yield* Effect.promise(() => done.json())]).toEqual([200, "done"])
    yield* Fiber.join(closing)
    expect(yield* Effect.promise(() => fetch(`${url}/livez`).catch(() => "closed"))).toBe("closed")
  }),
)
