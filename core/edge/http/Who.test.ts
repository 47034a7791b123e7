import { expect } from "bun:test"
import { Effect } from "effect"
import { implied } from "../../plugin/Operation.ts"
import { Tokens } from "../../services/Tokens.ts"
import { live } from "../../testing/effect.ts"
import { body, get, ground, json, post, serving, waiting } from "../fixtures/http.ts"

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
    // One more is allowed every two seconds: many enough for a slow machine.
    const codes = yield* Effect.forEach(Array.from({ length: 100 }), () => ask("hub_wrong"))
    expect(new Set(codes)).toEqual(new Set([401, 429]))
    expect(yield* ask(text)).toBe(200)
  }),
)
