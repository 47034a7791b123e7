// @effect-diagnostics runEffectInsideEffect:off
import { expect, test } from "bun:test"
import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from "@modelcontextprotocol/client"
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { Deferred, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { effect } from "../../testing/effect.ts"
import {
  call,
  callerOf,
  type Event,
  eventsOf,
  get,
  initialize,
  listening,
  made,
  modern,
  modernHeaders,
  post,
} from "../fixtures/mcpHttp.ts"
import { mostOpen } from "./http/Session.ts"

type Given = Effect.Success<ReturnType<typeof listening>>

/** With the real clock and a port. */
const served = (name: string, body: (given: Given) => Promise<void>) =>
  test(name, () =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(listening(), (given) => Effect.promise(() => body(given)))),
    ),
  )

const asked = async (url: URL, options: RequestInit): Promise<Response> => fetch(url, options)

/** A session by hand; gives the header that names it. */
const begin = async (url: URL, headers: Record<string, string> = {}) => {
  const response = await asked(url, post(initialize, headers))
  await response.text()
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "", ...headers }
}

const next = async (events: AsyncGenerator<Event, void>): Promise<Event> => {
  const { value } = await events.next()
  if (value === undefined) throw new Error("the stream has ended")
  return value
}

served(
  "the old official client: tools, progress, a list that changes, the end of its session",
  async (given) => {
    const { addTool, http, url } = given
    const client = new OldClient({ name: "old", version: "1.32.2" })
    const transport = new OldTransport(url)
    const changed = Promise.withResolvers<void>()
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => changed.resolve())
    await client.connect(transport as never)
    try {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo", "progress", "gated"])
      const seen: Array<number> = []
      const result = await client.callTool({ name: "progress", arguments: { text: "hi" } }, undefined, {
        onprogress: ({ progress }) => void seen.push(progress),
      })
      expect(result).toMatchObject({ structuredContent: { text: "hi" } })
      expect(seen).toEqual([1, 2, 3])
      expect(await Effect.runPromise(http.sessions)).toMatchObject([{ client: "old 1.32.2" }])
      await Effect.runPromise(addTool)
      await changed.promise
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain("more")
      await transport.terminateSession()
      expect(await Effect.runPromise(http.sessions)).toEqual([])
    } finally {
      await client.close()
    }
  },
)

for (const mode of ["legacy", { pin: "2026-07-28" }] as const)
  served(`the new official client (${JSON.stringify(mode)})`, async ({ http, url }) => {
    const client = new NewClient({ name: "new", version: "2.4.0" }, { versionNegotiation: { mode } } as never)
    await client.connect(new NewTransport(url))
    try {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo")
      expect(await client.callTool({ name: "echo", arguments: { text: "hi" } })).toMatchObject({
        structuredContent: { text: "hi" },
      })
      expect((await client.readResource({ uri: "test://watched" })).contents[0]).toMatchObject({ text: "0" })
      expect((await Effect.runPromise(http.sessions)).length).toBe(mode === "legacy" ? 1 : 0)
    } finally {
      await client.close()
    }
  })

served(
  "a call goes on when its stream is cut, and its answer is told after the last event that was seen",
  async (given) => {
    const { entered, gate, url } = given
    const session = await begin(url)
    const cut = new AbortController()
    const stream = await asked(url, { ...post(call(1, "gated"), session), signal: cut.signal })
    const { id = "" } = await next(eventsOf(stream.body!))
    await Effect.runPromise(Deferred.await(entered))
    cut.abort()
    await Effect.runPromise(Deferred.succeed(gate, undefined))
    const resumed = await resume(url, session, id)
    expect((await next(eventsOf(resumed.body!))).message).toMatchObject({
      id: 1,
      result: { structuredContent: { text: "hi" } },
    })
  },
)

/** Until the hub has seen that the stream before it is cut. */
const resume = async (url: URL, session: Record<string, string>, id: string): Promise<Response> => {
  for (;;) {
    const response = await asked(url, get({ ...session, "last-event-id": id }))
    if (response.status !== 409) return response
    await response.text()
  }
}

served("what is told unasked while nobody listens is told later, once", async ({ addTool, touch, url }) => {
  const session = await begin(url)
  await (await asked(url, post({ jsonrpc: "2.0", method: "notifications/initialized" }, session))).text()
  await (await asked(url, post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, session))).text()
  const subscribe = {
    jsonrpc: "2.0",
    id: 2,
    method: "resources/subscribe",
    params: { uri: "test://watched" },
  }
  await (await asked(url, post(subscribe, session))).text()
  const cut = new AbortController()
  const stream = await asked(url, { ...get(session), signal: cut.signal })
  await Effect.runPromise(touch)
  const events = eventsOf(stream.body!)
  const first = await next(events)
  expect(first.message).toMatchObject({ method: "notifications/resources/updated" })
  cut.abort()
  await Effect.runPromise(addTool)
  const resumed = await resume(url, session, first.id ?? "")
  expect((await next(eventsOf(resumed.body!))).message).toMatchObject({
    method: "notifications/tools/list_changed",
  })
})

served("a client of the newest protocol hears of what it listens to, and of nothing else", async (given) => {
  const { addTool, touch, url } = given
  const listen = {
    jsonrpc: "2.0",
    id: 1,
    method: "subscriptions/listen",
    params: {
      ...modern(call(1, "")).params,
      notifications: { resourceSubscriptions: ["test://watched"] },
    },
  }
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" }
  const stream = await asked(url, post(listen, headers))
  const events = eventsOf(stream.body!)
  expect((await next(events)).message?.method).toBe("notifications/subscriptions/acknowledged")
  await Effect.runPromise(Effect.andThen(addTool, touch))
  expect((await next(events)).message).toMatchObject({
    method: "notifications/resources/updated",
    params: { uri: "test://watched" },
  })
  await events.return()
})

served("a client of the newest protocol that goes away ends its call", async ({ broken, entered, url }) => {
  const gone = new AbortController()
  const options = post(modern(call(1, "gated")), modernHeaders("tools/call", "gated"))
  const answer = asked(url, { ...options, signal: gone.signal })
  await Effect.runPromise(Deferred.await(entered))
  gone.abort()
  await expect(answer).rejects.toThrow()
  await Effect.runPromise(Deferred.await(broken))
})

served("a cancelled call ends, and its stream with it", async ({ broken, entered, url }) => {
  const session = await begin(url)
  const stream = asked(url, post(call(1, "gated"), session))
  await Effect.runPromise(Deferred.await(entered))
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }
  expect((await asked(url, post(cancel, session))).status).toBe(202)
  await Effect.runPromise(Deferred.await(broken))
  expect(await (await stream).text()).toContain("The request was cancelled.")
})

served("a session is its token's, and after DELETE nobody's", async ({ url }) => {
  const session = await begin(url, { "x-token": "a" })
  const status = async (options: RequestInit) => (await asked(url, options)).status
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list" }
  expect(await status(post(list, { ...session, "x-token": "b" }))).toBe(404)
  expect(await status({ ...get({ ...session, "x-token": "b" }), method: "DELETE" })).toBe(404)
  expect(await status(post(list, session))).toBe(200)
  expect(await status({ ...get(session), method: "DELETE" })).toBe(200)
  expect(await status(post(list, session))).toBe(404)
})

const url = "http://127.0.0.1/mcp"

/** Under the test clock, without a port. */
const direct = (
  name: string,
  body: (given: Effect.Success<ReturnType<typeof made>>) => Effect.Effect<void, unknown, Scope.Scope>,
) => effect(name, Effect.flatMap(made({ total: 3, per_token: 2 }), body))

const ask = (
  { http }: { readonly http: Effect.Success<ReturnType<typeof made>>["http"] },
  options: RequestInit,
  token?: string,
) =>
  Effect.promise(async () => {
    const { body } = options
    const bytes = new TextEncoder().encode(typeof body === "string" ? body : "")
    return http.handle(new Request(url, options), callerOf(token), bytes)
  })

const opened = (given: Parameters<typeof ask>[0], token?: string) =>
  Effect.map(ask(given, post(initialize), token), (response) => ({
    status: response.status,
    session: { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" },
  }))

direct("over the limits of sessions the one that was idle longest makes room, after a minute", (given) =>
  Effect.gen(function* () {
    const first = yield* opened(given, "a")
    yield* opened(given, "a")
    const third = yield* ask(given, post(initialize), "a")
    expect([third.status, third.headers.get("retry-after")]).toEqual([503, "60"])
    expect(yield* Effect.promise(() => third.text())).toContain('The token \\"a\\" has 2 sessions open')
    yield* opened(given, "b")
    expect((yield* opened(given, "c")).status).toBe(503)
    yield* TestClock.adjust("1 minute")
    expect((yield* opened(given, "a")).status).toBe(200)
    const list = post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, first.session)
    expect((yield* ask(given, list, "a")).status).toBe(404)
    expect((yield* given.http.sessions).map(({ token }) => token)).toEqual(["a", "b", "a"])
  }),
)

direct(
  "a session ends when nothing was heard of it for half an hour, unless a stream of it is open",
  (given) =>
    Effect.gen(function* () {
      yield* opened(given, "a")
      const { session } = yield* opened(given, "b")
      const stream = yield* ask(given, get(session), "b")
      yield* TestClock.adjust("31 minutes")
      expect((yield* given.http.sessions).map(({ token }) => token)).toEqual(["b"])
      yield* Effect.promise(() => stream.body!.cancel())
      yield* TestClock.adjust("31 minutes")
      expect(yield* given.http.sessions).toEqual([])
    }),
)

direct("a call is ended a minute after its client was last heard of", (given) =>
  Effect.gen(function* () {
    const { session } = yield* opened(given)
    const stream = yield* ask(given, post(call(1, "gated"), session))
    yield* Deferred.await(given.entered)
    yield* Effect.promise(() => stream.body!.cancel())
    yield* TestClock.adjust("30 seconds")
    expect(yield* Deferred.isDone(given.broken)).toBe(false)
    yield* TestClock.adjust("50 seconds")
    yield* Deferred.await(given.broken)
  }),
)

direct("when the hub ends, streams end and nothing more is answered", (given) =>
  Effect.gen(function* () {
    const { session } = yield* opened(given)
    const stream = yield* ask(given, get(session))
    const waiting = yield* ask(given, post(call(1, "gated"), session))
    yield* given.http.end
    yield* Effect.promise(() => Promise.all([stream.text(), waiting.text()]))
    expect((yield* ask(given, post(initialize))).status).toBe(503)
  }),
)

direct("a session has a limit of requests under way", (given) =>
  Effect.gen(function* () {
    const { session } = yield* opened(given)
    const ids = Array.from({ length: mostOpen }, (_, id) => id)
    yield* Effect.forEach(ids, (id) => ask(given, post(call(id, "gated"), session)), {
      concurrency: "unbounded",
    })
    expect((yield* ask(given, post(call(1_000, "echo"), session))).status).toBe(429)
    yield* Deferred.succeed(given.gate, undefined)
    expect((yield* ask(given, { ...get(session), method: "DELETE" })).status).toBe(200)
  }),
)

direct("what is no request is refused by a sentence", (given) =>
  Effect.gen(function* () {
    const { session } = yield* opened(given)
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" }
    const statuses = yield* Effect.forEach(
      [
        post("{broken"),
        post(""),
        post(list),
        get({}),
        post(list, { "mcp-session-id": "nope" }),
        post("[]", session),
        post(list, { ...session, "content-type": "text/plain" }),
        post(list, { ...session, "mcp-protocol-version": "1999-01-01" }),
        { method: "PUT", headers: session },
      ],
      (options) => Effect.map(ask(given, options), ({ status }) => status),
    )
    expect(statuses).toEqual([400, 400, 400, 400, 404, 202, 415, 400, 405])
  }),
)

direct("any JSON is answered, and the session goes on", (given) =>
  Effect.gen(function* () {
    const { session } = yield* opened(given)
    const property = fc.asyncProperty(fc.jsonValue(), fc.boolean(), async (value, isMessage) => {
      const body = isMessage ? { jsonrpc: "2.0", id: 7, method: value, params: value } : value
      const response = await Effect.runPromise(ask(given, post(body, session)))
      await response.text()
      expect(response.status).toBeOneOf([200, 202, 400])
    })
    yield* Effect.promise(() => fc.assert(property, { numRuns: 200 }))
    const answer = yield* ask(given, post(call(1, "echo"), session))
    expect(yield* Effect.promise(() => answer.text())).toContain('"structuredContent":{"text":"hi"}')
  }),
)
