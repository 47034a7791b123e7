import { expect } from "bun:test"
import { Effect } from "effect"
import type { RouteHandle } from "../../plugin/Catalogue.ts"
import { Tokens } from "../../services/Tokens.ts"
import { live } from "../../testing/effect.ts"
import { ground, serving } from "../fixtures/http.ts"

const route = (method: string, path: string, handle: RouteHandle["handle"]): RouteHandle => ({
  plugin: "acme",
  summary: "Answers.",
  method,
  path,
  handle,
})

/** Tells what it was given. */
const told: RouteHandle["handle"] = (request, caller, params) =>
  Effect.map(
    Effect.promise(() => request.text()),
    (body) =>
      Response.json({
        method: request.method,
        path: new URL(request.url).pathname,
        authorization: request.headers.get("authorization"),
        caller,
        params,
        body,
      }),
  )

const routes = [
  route("GET", "/", told),
  route("GET", "/item/:id", told),
  route("PUT", "/item/:id", told),
  route("POST", "/page", () =>
    Effect.succeed(new Response("<p>", { status: 201, headers: { "x-own": "1" } })),
  ),
]

const ask = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    return { response, status: response.status, text: await response.text() }
  })

live(
  "a route is asked below its plugin's name, with what stands in the path",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({ catalogue: { routes } })
    const { text } = yield* ask(`${url}/x/acme/item/a%20b`, { method: "PUT", body: "hello" })
    expect(JSON.parse(text)).toMatchObject({
      method: "PUT",
      path: "/x/acme/item/a%20b",
      caller: { door: "http" },
      params: { id: "a b" },
      body: "hello",
    })
    expect((yield* ask(`${url}/x/acme`)).status).toBe(200)
    const page = yield* ask(`${url}/x/acme/page`, { method: "POST" })
    expect([page.status, page.text, page.response.headers.get("x-own")]).toEqual([201, "<p>", "1"])
  }),
)

live(
  "what is not there is told with what is, and a wrong method with those that fit",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({ catalogue: { routes } })
    const missing = yield* ask(`${url}/x/acme/items`)
    expect(missing.status).toBe(404)
    expect(missing.text).toContain("Known: GET /x/acme, GET /x/acme/item/:id")
    const wrong = yield* ask(`${url}/x/acme/item/1`, { method: "DELETE" })
    expect([wrong.status, wrong.response.headers.get("allow")]).toEqual([405, "GET, PUT, OPTIONS"])
    const none = yield* serving()
    expect((yield* ask(`${none.url}/x/acme`)).text).toContain("No plugin has routes.")
  }),
)

live(
  "a token needs read to look and dispatch for anything else, and is not shown to the plugin",
  ground,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    const { url } = yield* serving({ catalogue: { routes }, settings: { open: false } })
    const { text } = yield* tokens.create({ name: "reader", scopes: ["read"] })
    const headers = { authorization: `Bearer ${text}` }
    const looked = yield* ask(`${url}/x/acme/item/1`, { headers })
    expect(JSON.parse(looked.text)).toMatchObject({ authorization: null, caller: { token: "reader" } })
    expect(looked.text).not.toContain(text)
    const put = yield* ask(`${url}/x/acme/item/1`, { method: "PUT", headers })
    expect([put.status, put.text]).toEqual([
      403,
      '{"error":{"code":"denied","message":"PUT /x/acme/item/:id needs the scope dispatch."}}',
    ])
    expect((yield* ask(`${url}/x/acme/item/1`)).status).toBe(401)
  }),
)

live(
  "an event stream of a plugin is passed on as it comes",
  ground,
  Effect.gen(function* () {
    const stream = route("GET", "/stream", () =>
      Effect.succeed(
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
          }),
          { headers: { "content-type": "text/event-stream" } },
        ),
      ),
    )
    const { url } = yield* serving({ catalogue: { routes: [stream] } })
    const response = yield* Effect.promise(() => fetch(`${url}/x/acme/stream`))
    const reader = response.body!.getReader()
    const { value } = yield* Effect.promise(() => reader.read())
    expect(new TextDecoder().decode(value)).toBe("data: 1\n\n")
    yield* Effect.promise(() => reader.cancel())
  }),
)
