import { expect } from "bun:test"
import { createServer } from "node:net"
import { Effect, Exit, Fiber, Scope } from "effect"
import { implied } from "../../plugin/Operation.ts"
import { Tokens } from "../../services/Tokens.ts"
import { live } from "../../testing/effect.ts"
import { type Given, ground, raw, serving, waiting } from "../fixtures/http.ts"

const get = (url: string, init?: RequestInit) => Effect.promise(() => fetch(url, init))
const body = (response: Response) => Effect.promise(() => response.json() as Promise<never>)
const json = { "content-type": "application/json" }
const post = (url: string, text: string, headers: Record<string, string> = json) =>
  get(url, { method: "POST", headers, body: text })

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
  "nothing but /livez answers without a token",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({ settings: { open: false } })
    expect((yield* get(`${url}/livez`)).status).toBe(200)
    for (const path of [
      "/readyz",
      "/openapi.json",
      "/api/dispatch",
      "/mcp",
      "/x/a",
      "/nothing",
      "/api/events",
    ]) {
      const response = yield* get(url + path)
      expect([path, response.status, response.headers.get("www-authenticate")]).toEqual([
        path,
        401,
        'Bearer realm="hub"',
      ])
    }
    const wrong = yield* get(`${url}/readyz`, { headers: { authorization: `Bearer hub_${"a".repeat(43)}` } })
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="hub", error="invalid_token"',
    ])
    const basic = yield* get(`${url}/readyz`, { headers: { authorization: "Basic YTpi" } })
    expect(basic.status).toBe(401)
  }),
)

live(
  "a token may do what its scopes say, and a missing one is named",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ settings: { open: false } })
    const reader = yield* tokens.create({ name: "reader", scopes: ["read"] })
    const worker = yield* tokens.create({ name: "worker", scopes: ["dispatch"] })
    const as = (text: string, name: string) =>
      post(`${url}/api/${name}`, '{"prompt":"x"}', { ...json, authorization: `Bearer ${text}` })
    const denied = yield* as(reader.text, "dispatch")
    expect(denied.status).toBe(403)
    expect(JSON.stringify(yield* body(denied))).toContain(
      'dispatch needs the scope dispatch. The token \\"reader\\" has read.',
    )
    expect((yield* as(worker.text, "dispatch")).status).toBe(200)
    expect((yield* as(reader.text, "check_dispatch")).status).toBe(422)
    yield* tokens.revoke("worker")
    expect((yield* as(worker.text, "dispatch")).status).toBe(401)
  }),
)

live(
  "the caller is the token, with the client's own name and a key that no other token shares",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const seen: Array<Record<string, unknown>> = []
    const note = {
      plugin: "test",
      name: "note",
      summary: "Notes who asks.",
      readonly: false,
      ...implied({ readonly: false }),
      input: (yield* waiting("x", true)).handle.input,
      output: (yield* waiting("x", true)).handle.output,
      run: (_: unknown, caller: Record<string, unknown>) => Effect.sync(() => void seen.push(caller)),
    } as never
    const { url } = yield* serving({ settings: { open: false }, operations: [note] })
    for (const name of ["one", "two"]) {
      const { text } = yield* tokens.create({ name, scopes: ["dispatch"] })
      const headers = { authorization: `Bearer ${text}`, "idempotency-key": "same", "user-agent": "curl/8" }
      for (const _ of [1, 2])
        expect((yield* get(`${url}/api/note`, { method: "POST", headers })).status).toBe(200)
    }
    expect(seen[0]).toMatchObject({ door: "http", client: "curl/8", token: "one", scopes: ["dispatch"] })
    expect(seen[0]!["patience_seconds"]).toBe(290)
    const keys = seen.map(({ call_key }) => String(call_key))
    expect([keys[0] === keys[1], keys[2] === keys[3], keys[0] === keys[2]]).toEqual([true, true, false])
    expect(keys[0]!.length).toBeLessThanOrEqual(200)
    const { text } = yield* tokens.create({ name: "three", scopes: ["dispatch"] })
    const headers = { authorization: `Bearer ${text}`, "idempotency-key": "x".repeat(201) }
    expect((yield* get(`${url}/api/note`, { method: "POST", headers })).status).toBe(400)
  }),
)

live(
  "MCP is asked with the body as it came, by who may read",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ settings: { open: false } })
    const { text } = yield* tokens.create({ name: "agent", scopes: ["read"] })
    const response = yield* post(`${url}/mcp`, '{"jsonrpc":"2.0"}', {
      ...json,
      authorization: `Bearer ${text}`,
    })
    expect(yield* body(response)).toMatchObject({
      caller: { door: "mcp", token: "agent", scopes: ["read"] },
      body: '{"jsonrpc":"2.0"}',
    } as never)
  }),
)

live(
  "only loopback names and those that are allowed may be a Host or an Origin",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({
      settings: { allowed_hosts: ["Hub.example.org"], allowed_origins: ["https://app.example.org"] },
    })
    const status = (headers: string) =>
      Effect.promise(() =>
        raw(url, `GET /readyz HTTP/1.1\r\n${headers}\r\n\r\n`, { until: "\r\n\r\n" }),
      ).pipe(Effect.map((text) => text.slice(9, 12)))
    const all = Effect.forEach(
      [
        "Host: localhost:1",
        "Host: 127.0.0.1",
        "Host: [::1]:80",
        "Host: hub.example.org:3180",
        "Host: localhost.",
        "Host: evil.example",
        "Host: localhost.evil.example",
        "Host: 127.evil.example",
        "Host: localhost@evil.example",
        "Host: hub.example.org\r\nHost: evil.example",
        "Host: localhost\r\nOrigin: http://localhost:5173",
        "Host: localhost\r\nOrigin: https://app.example.org",
        "Host: localhost\r\nOrigin: https://evil.example",
        "Host: localhost\r\nOrigin: http://localhost.evil.example",
        "Host: localhost\r\nOrigin: null",
      ],
      (headers) => Effect.map(status(headers), (code) => `${code} ${headers.replace("\r\n", ", ")}`),
    )
    expect(yield* all).toEqual([
      "200 Host: localhost:1",
      "200 Host: 127.0.0.1",
      "200 Host: [::1]:80",
      "200 Host: hub.example.org:3180",
      "200 Host: localhost.",
      "403 Host: evil.example",
      "403 Host: localhost.evil.example",
      "403 Host: 127.evil.example",
      "403 Host: localhost@evil.example",
      "403 Host: hub.example.org, Host: evil.example",
      "200 Host: localhost, Origin: http://localhost:5173",
      "200 Host: localhost, Origin: https://app.example.org",
      "403 Host: localhost, Origin: https://evil.example",
      "403 Host: localhost, Origin: http://localhost.evil.example",
      "403 Host: localhost, Origin: null",
    ])
    const told = yield* Effect.promise(() =>
      raw(url, "GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n", { until: "}" }),
    )
    expect(told).toContain('The hub does not answer to the Host \\"evil.example\\".')
    expect(told).toContain("allowed_hosts of [serve]")
  }),
)

live(
  "a page of an allowed origin is told what it may send, any other nothing",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({
      settings: { open: false, allowed_origins: ["https://app.example.org"] },
    })
    const ask = (origin: string) => ({
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    })
    const allowed = yield* get(`${url}/api/dispatch`, ask("https://app.example.org"))
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example.org")
    expect(allowed.headers.get("access-control-allow-headers")).toContain("Authorization")
    expect(allowed.headers.get("vary")).toBe("Origin")
    const other = yield* get(`${url}/api/dispatch`, ask("https://evil.example"))
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null])
    const answer = yield* get(`${url}/readyz`, { headers: { origin: "https://app.example.org" } })
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
      401,
      "https://app.example.org",
    ])
  }),
)

live(
  "a token has its calls of a minute, and another one its own",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ settings: { open: false, calls_per_minute: 3 } })
    const one = yield* tokens.create({ name: "one", scopes: ["read"] })
    const two = yield* tokens.create({ name: "two", scopes: ["read"] })
    const ask = ({ text }: { text: string }) =>
      get(`${url}/readyz`, { headers: { authorization: `Bearer ${text}` } })
    const codes = yield* Effect.forEach([1, 2, 3, 4], () => Effect.map(ask(one), ({ status }) => status))
    expect(codes).toEqual([200, 200, 200, 429])
    const over = yield* ask(one)
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(yield* body(over)).toMatchObject({
      error: { code: "too_many", message: expect.stringContaining('token "one"') },
    } as never)
    expect((yield* ask(two)).status).toBe(200)
  }),
)

live(
  "who posts to MCP is refused in its own words, with the status and headers of everyone",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ settings: { open: false, calls_per_minute: 1 } })
    const { text } = yield* tokens.create({ name: "one", scopes: ["read"] })
    const ask = (headers: Record<string, string>, content = "{}") =>
      get(`${url}/mcp`, { method: "POST", headers, body: content })
    const rpc = (code: string) => ({ jsonrpc: "2.0", id: null, error: { code: -32_000, data: { code } } })
    const unknown = yield* ask({})
    expect([unknown.status, unknown.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="hub"'])
    expect(yield* body(unknown)).toMatchObject(rpc("unauthorized") as never)
    const large = yield* ask({ authorization: `Bearer ${text}` }, "x".repeat(20_200_000))
    expect(large.status).toBe(413)
    expect(yield* body(large)).toMatchObject(rpc("too_large") as never)
    const over = yield* ask({ authorization: `Bearer ${text}` })
    expect(over.status).toBe(429)
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(yield* body(over)).toMatchObject(rpc("too_many") as never)
  }),
)

live(
  "an address that guesses tokens is stopped, and a good token from it is not",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ settings: { open: false } })
    const { text } = yield* tokens.create({ name: "good", scopes: ["read"] })
    const ask = (token: string) =>
      Effect.map(
        get(`${url}/readyz`, { headers: { authorization: `Bearer ${token}` } }),
        ({ status }) => status,
      )
    const codes = yield* Effect.forEach(Array.from({ length: 40 }), () => ask("hub_wrong"))
    expect(new Set(codes)).toEqual(new Set([401, 429]))
    expect(yield* ask(text)).toBe(200)
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
  30_000,
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
