/** The hub's door for HTTP: operations, event streams, MCP and the routes of plugins. */
import { Effect, Schema, type Scope } from "effect"
import type { Serve } from "../../host/Settings.ts"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import type { Events } from "../../services/Events.ts"
import type { Tokens } from "../../services/Tokens.ts"
import type { Door } from "../Door.ts"
import * as App from "./App.ts"
import * as Body from "./Body.ts"
import * as Followers from "./Followers.ts"
import * as Guard from "./Guard.ts"
import * as Reply from "./Reply.ts"
import { Underway } from "./Underway.ts"
import * as Who from "./Who.ts"

/** The address must not, or cannot, be served on. */
export class HttpRefused extends Schema.TaggedError<HttpRefused>()("HttpRefused", {
  host: Schema.String,
  port: Schema.Number,
  /** What is wrong and what to do next. */
  message: Schema.String,
}) {}

export interface Options {
  readonly door: Door
  readonly registry: { readonly current: Effect.Effect<Catalogue> }
  readonly events: Events["Service"]
  readonly tokens: Pick<Tokens["Service"], "verify" | "any">
  /** Answers what comes to `/mcp`, whose body is read already; `Host`, `Origin` and the token are checked. */
  readonly mcp: (request: Request, caller: Who.HttpCaller, body: Uint8Array) => Promise<Response>
  readonly settings: Serve
  readonly version: string
  readonly ready: Effect.Effect<App.Readiness>
}

export interface Stats {
  /** Event streams that are open. */
  readonly streams: number
  /** Calls of operations and of routes under way. */
  readonly calls: number
  /** Requests that are not answered to the end, the streams among them. */
  readonly requests: number
}

export interface Served {
  /** `http://127.0.0.1:3180` */
  readonly url: string
  readonly stats: Effect.Effect<Stats>
}

/** Seconds that a connection may be silent while its head or its body is awaited. Bun knows steps of four. */
const silence = 40
/** A hub that ends waits no longer than this, in milliseconds, for clients to take their answers. */
const farewell = 500

/** Serves until the scope closes; then calls that change something have five seconds to finish. */
export const serve = Effect.fn("Http.serve")(function* (
  options: Options,
): Effect.fn.Return<Served, HttpRefused, Scope.Scope> {
  const { door, events, settings, tokens } = options
  yield* permitted(settings, tokens)
  const context = yield* Effect.context<never>()
  const followers = yield* Followers.make(events, door)
  const underway = new Underway(Effect.runForkWith(context))
  const app = App.make({
    ...options,
    catalogue: options.registry.current,
    who: Who.make(settings, tokens.verify, Effect.runPromiseWith(context)),
    followers,
    underway,
  })
  const answer = answering(app, Guard.make(settings), underway)
  const server = yield* Effect.acquireRelease(listen(settings, answer), (server) =>
    Effect.promise(async () => {
      const stopped = server.stop()
      followers.end()
      await underway.end()
      await Promise.race([stopped, Bun.sleep(farewell)])
      await server.stop(true)
    }),
  )
  return {
    url: server.url.origin,
    stats: Effect.sync(() => ({
      streams: followers.count(),
      calls: underway.size,
      requests: server.pendingRequests,
    })),
  }
})

type Server = Bun.Server<undefined>
type Answering = (request: Request, server: Server) => Promise<Response>

/** Around everything: what does not get in, and what every answer carries. */
const answering =
  (app: App.App, guard: Guard.Guard, underway: Underway): Answering =>
  async (request, server) => {
    const path = pathOf(request)
    // A probe knows the address of the hub, and often no name of it. It learns that the hub lives, and no more.
    const refused = path === "/livez" ? undefined : guard.refuse(request.headers)
    if (refused !== undefined) return refused
    if (underway.hasEnded)
      return Reply.error(503, "unavailable", "The hub ends. Ask again in a moment.", {
        connection: "close",
        "retry-after": "1",
      })
    const response = await app.answer(request, path, {
      address: server.requestIP(request)?.address ?? "unknown",
      hold: () => server.timeout(request, 0),
      cut: () => server.timeout(request, 1),
    })
    for (const [name, value] of Object.entries(guard.allow(request.headers)))
      response.headers.set(name, value)
    return response
  }

/** With what was asked for beside it. */
const pathOf = ({ url }: Request): string => url.slice(url.indexOf("/", url.indexOf("//") + 2))

const listen = (settings: Serve, answer: Answering): Effect.Effect<Server, HttpRefused> =>
  Effect.try({
    try: () =>
      Bun.serve({
        hostname: settings.host,
        port: settings.port,
        development: false,
        // Outside development Bun shares a port with other processes: a port that is taken would look free.
        reusePort: false,
        idleTimeout: silence,
        // Twice, so that who sends a little too much is told in words.
        maxRequestBodySize: 2 * Body.maxBytes,
        fetch: answer,
        error: () => Reply.error(500, "internal", "The hub broke. Its log says why."),
      }),
    catch: (cause) => refusal(settings, because(settings, cause)),
  })

/** Who may reach the port decides who may be let in without a word. */
const permitted = Effect.fnUntraced(function* (settings: Serve, { any }: Pick<Tokens["Service"], "any">) {
  if (Guard.isLoopback(settings.host)) return
  if (settings.open)
    return yield* refusal(
      settings,
      "open = true is for a loopback address only: whoever reached this one could do everything. Leave it out of [serve], or set host to 127.0.0.1.",
    )
  const isThere = yield* Effect.mapError(any, ({ message }) => refusal(settings, message))
  if (!isThere)
    return yield* refusal(
      settings,
      "it is no loopback address, and there is no token that could be asked for. Make one first: hub token create NAME --scope read,dispatch",
    )
})

const refusal = ({ host, port }: Serve, why: string): HttpRefused =>
  new HttpRefused({ host, port, message: `The hub does not serve HTTP on ${host} port ${port}: ${why}` })

const because = ({ host, port }: Serve, cause: unknown): string => {
  switch ((cause as { readonly code?: unknown }).code) {
    case "EADDRINUSE":
      return `another program does already. Set port under [serve] in plugins.toml to another one, or to 0 for any that is free.`
    case "EACCES":
      return `this user may not open it. Ports below 1024 are often kept back: set port under [serve] in plugins.toml to a higher one than ${port}.`
    case "EADDRNOTAVAIL":
      return `this machine has no address ${host}. Set host under [serve] in plugins.toml to one that it has.`
    default:
      return `${String(cause)}.`
  }
}
