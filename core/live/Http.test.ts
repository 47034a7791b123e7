import { expect } from "bun:test"
import * as net from "node:net"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Http } from "../services/Http.ts"
import { Secrets } from "../services/Secrets.ts"
import { effect, live } from "../testing/effect.ts"
import * as HttpLive from "./Http.ts"
import * as Redaction from "./Redaction.ts"

const { redact, redactKnown } = Redaction.make()
const secrets = Layer.succeed(Secrets, Secrets.of({ get: () => Effect.die("unused"), redact, redactKnown }))
const http = Layer.provide(HttpLive.layer, secrets)

/** A server for one test: its address, and what it was asked. */
const serve = (answer: (request: Request) => Response | Promise<Response>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: answer })
      return { server, url: `http://127.0.0.1:${server.port}` }
    }),
    ({ server }) => Effect.promise(() => server.stop(true)),
  )

const echo = async (request: Request) =>
  Response.json({
    method: request.method,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  })

live(
  "a request arrives whole, and any status is an answer",
  http,
  Effect.gen(function* () {
    const { url } = yield* serve(
      async (request) =>
        new Response(await (await echo(request)).text(), { status: 418, headers: { "X-Tea": "pot" } }),
    )
    const { request } = yield* Http
    const answer = yield* request({ url: `${url}/a`, method: "PUT", headers: { "x-a": "1" }, body: "é\0" })
    expect(answer).toMatchObject({ status: 418, headers: { "x-tea": "pot" } })
    expect(JSON.parse(answer.body)).toMatchObject({ method: "PUT", body: "é\0", headers: { "x-a": "1" } })
  }),
)

live(
  "an answer above the limit fails, also one that only unpacks to it",
  http,
  Effect.gen(function* () {
    const { url } = yield* serve((request) =>
      request.url.endsWith("/zip")
        ? new Response(Bun.gzipSync(Buffer.alloc(5_000_000)), { headers: { "content-encoding": "gzip" } })
        : new Response("x".repeat(100_001)),
    )
    const { request } = yield* Http
    for (const path of ["/zip", "/plain"]) {
      const error = yield* Effect.flip(request({ url: url + path, max_bytes: 100_000 }))
      expect(error).toMatchObject({ reason: "too_large", url: url + path })
    }
    expect((yield* request({ url: `${url}/plain`, max_bytes: 100_001 })).body.length).toBe(100_001)
  }),
)

live(
  "a redirect to another origin loses the credentials, one within keeps them",
  http,
  Effect.gen(function* () {
    const away = yield* serve(echo)
    const here = yield* serve((request) => {
      const path = new URL(request.url).pathname
      if (path === "/away") return Response.redirect(`${away.url}/x`, 307)
      if (path === "/within") return Response.redirect("/end", 302)
      return echo(request)
    })
    const { request } = yield* Http
    const headers = { authorization: "Bearer x", cookie: "a=b", "x-kept": "yes" }
    const sent = (path: string) =>
      Effect.map(request({ url: here.url + path, method: "POST", headers, body: "b" }), ({ body }) =>
        JSON.parse(body),
      )
    const crossed = yield* sent("/away")
    expect(crossed).toMatchObject({ method: "POST", body: "b", headers: { "x-kept": "yes" } })
    expect(crossed.headers).not.toHaveProperty("authorization")
    expect(crossed.headers).not.toHaveProperty("cookie")
    expect(yield* sent("/within")).toMatchObject({
      method: "GET",
      body: "",
      headers: { authorization: "Bearer x" },
    })
  }),
)

live(
  "a circle of redirects, and one to a file, end",
  http,
  Effect.gen(function* () {
    const { url } = yield* serve(
      (request) =>
        new Response(null, {
          status: 302,
          headers: { location: request.url.endsWith("/file") ? "file:///etc/passwd" : "/again" },
        }),
    )
    const { request } = yield* Http
    expect(yield* Effect.flip(request({ url }))).toMatchObject({
      reason: "network",
      detail: "more than 10 redirects",
    })
    expect(yield* Effect.flip(request({ url: `${url}/file` }))).toMatchObject({ reason: "bad_url" })
  }),
)

live(
  "what is no http address is refused before anything is opened",
  http,
  Effect.gen(function* () {
    const { request } = yield* Http
    for (const url of ["", "nowhere", "file:///etc/passwd", "data:text/plain,x", "//example.com"])
      expect((yield* Effect.flip(request({ url }))).reason).toBe("bad_url")
    expect((yield* Effect.flip(request({ url: "http://127.0.0.1", headers: { "a\n": "b" } }))).reason).toBe(
      "network",
    )
  }),
)

live(
  "no one there is a network failure, without the secrets of the address",
  http,
  Effect.gen(function* () {
    // Of a service that is long forgotten. Another one's number could be somebody else's a moment after it is free.
    const url = "http://127.0.0.1:1"
    const error = yield* Effect.flip((yield* Http).request({ url: `${url}/?key=AIza${"a1".repeat(20)}` }))
    expect(error).toMatchObject({ reason: "network", url: `${url}/?key=[redacted]` })
  }),
)

/** Answers nothing, and tells when the client came and went. */
const silent = Effect.gen(function* () {
  const came = yield* Deferred.make<void>()
  const gone = yield* Deferred.make<void>()
  const server = yield* Effect.acquireRelease(
    Effect.promise<net.Server>(
      () =>
        new Promise((resolve) => {
          const made = net.createServer((socket) => {
            socket.on("data", () => Deferred.doneUnsafe(came, Effect.void))
            socket.on("close", () => Deferred.doneUnsafe(gone, Effect.void))
            socket.on("error", () => undefined)
          })
          made.listen(0, "127.0.0.1", () => resolve(made))
        }),
    ),
    (made) => Effect.sync(() => made.close()),
  )
  return { came, gone, url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}` }
})

effect(
  "silence is a time-out after 30 seconds, and the connection is closed",
  Effect.gen(function* () {
    const { came, gone, url } = yield* silent
    const fiber = yield* Effect.forkChild(Effect.flip((yield* Http).request({ url })))
    yield* Deferred.await(came)
    yield* TestClock.adjust("29 seconds")
    expect(fiber.pollUnsafe()).toBeUndefined()
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "timeout", detail: "no answer within 30s" })
    yield* Deferred.await(gone)
  }).pipe(Effect.provide(http)),
)

live(
  "interruption closes the connection",
  http,
  Effect.gen(function* () {
    const { came, gone, url } = yield* silent
    const fiber = yield* Effect.forkChild((yield* Http).request({ url }))
    yield* Deferred.await(came)
    yield* Fiber.interrupt(fiber)
    yield* Deferred.await(gone)
  }),
)
