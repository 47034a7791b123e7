/** What is asked where, and by whom it is answered. */
import { Cause, Effect, Exit } from "effect"
import type { Context } from "hono"
// Its router is ready at once: the default one takes 10 ms for the first request.
import { Hono } from "hono/tiny"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import { type Caller, covers, OperationFailed } from "../../plugin/Operation.ts"
import { failureOf } from "../Call.ts"
import type { Answered, Door } from "../Door.ts"
import * as Body from "./Body.ts"
import type { Followers } from "./Followers.ts"
import { preflight } from "./Guard.ts"
import * as OpenApi from "./OpenApi.ts"
import * as Reply from "./Reply.ts"
import * as Routes from "./Routes.ts"
import type { Underway } from "./Underway.ts"
import type * as Who from "./Who.ts"

export interface House {
  readonly door: Door
  readonly catalogue: Effect.Effect<Catalogue>
  readonly ready: Effect.Effect<Readiness>
  readonly mcp: (request: Request, caller: Who.HttpCaller, body: Uint8Array) => Promise<Response>
  readonly version: string
  readonly who: Who.Door
  readonly followers: Followers
  readonly underway: Underway
}

export interface Readiness {
  readonly ready: boolean
  /** One sentence each. */
  readonly reasons: ReadonlyArray<string>
}

/** The connection that a request came by. */
export interface Connection {
  readonly address: string
  /** It may take as long as it takes. */
  readonly hold: () => void
  readonly cut: () => void
}

interface Env {
  Bindings: Connection
  Variables: { who: Who.Who }
}

type Asked = Context<Env>
type Handler = (c: Asked) => Response | Promise<Response>

/** Seconds after which many clients give up on a request: a call that waits answers before. */
const patience_seconds = 290

const paths = [
  "POST /api/<operation>",
  "GET /api/runs/{id}/events",
  "GET /api/events",
  "/mcp",
  "/x/<plugin>/…",
  "GET /openapi.json",
  "GET /readyz",
  "GET /livez",
]

export interface App {
  readonly answer: (request: Request, path: string, connection: Connection) => Promise<Response> | Response
}

export const make = (house: House): App => {
  const app = routed(house)
  return {
    // Nearly all that comes is calls of tools, and the router takes a twelfth of the time of a small one.
    answer: (request, path, connection) =>
      path === "/mcp" && request.method === "POST"
        ? posted(house, request, connection)
        : app.fetch(request, connection),
  }
}

const posted = async (house: House, request: Request, connection: Connection): Promise<Response> => {
  const who = await house.who.let(request, connection.address)
  return who instanceof Response ? Reply.asRpc(who) : mcp(house, { request, connection, who })
}

const routed = (house: House): Hono<Env> => {
  const app = new Hono<Env>()
  const at = (methods: ReadonlyArray<string>, path: string, handler: Handler) => {
    app.on([...methods], path, handler)
    app.all(path, (c) => Reply.notAllowed(c.req.method, c.req.path, methods))
  }
  at(["GET", "HEAD"], "/livez", () => Reply.json({ live: true }))
  app.use(async (c, next) => (await entered(house, c)) ?? next())
  at(["GET", "HEAD"], "/readyz", () => ready(house))
  at(["GET", "HEAD"], "/openapi.json", (c) => openApi(house, c))
  at(["GET", "HEAD"], "/api/runs/:id/events", (c) => runEvents(house, c))
  at(["GET", "HEAD"], "/api/events", (c) => allEvents(house, c))
  at(["POST"], "/api/:operation", (c) => operation(house, c))
  at(["GET", "POST", "DELETE"], "/mcp", (c) =>
    mcp(house, { request: c.req.raw, connection: c.env, who: c.get("who") }),
  )
  app.all("/x/*", (c) => plugin(house, c))
  app.notFound((c) =>
    Reply.error(
      404,
      "not_found",
      `There is nothing at ${c.req.path.slice(0, 100)}. There is: ${paths.join(", ")}.`,
    ),
  )
  return app
}

/** The answer to a request that gets no further. */
const entered = async ({ who }: House, c: Asked): Promise<Response | undefined> => {
  const { method, raw } = c.req
  if (method === "OPTIONS")
    return new Response(null, {
      status: 204,
      headers: raw.headers.has("origin") ? preflight : { allow: "GET, HEAD, POST, DELETE, OPTIONS" },
    })
  const found = await who.let(raw, c.env.address)
  if (found instanceof Response) return found
  c.set("who", found)
  return undefined
}

const callerOf = (c: Asked, door: Caller["door"]): Caller => ({ ...c.get("who"), door })

const ready = async ({ ready, underway }: House): Promise<Response> => {
  const { ready: isReady, reasons } = await Effect.runPromise(ready)
  if (underway.hasEnded) return Reply.json({ ready: false, reasons: ["The hub ends."] }, 503)
  return isReady ? Reply.json({ ready: true }) : Reply.json({ ready: false, reasons }, 503)
}

const openApi = async ({ catalogue, door, underway, version }: House, c: Asked): Promise<Response> => {
  const both = Effect.all([catalogue, door.operations])
  const exit = await underway.run(both, c.req.raw.signal, true)
  if (Exit.isFailure(exit)) return refused(exit)
  const [{ routes }, operations] = exit.value
  return Reply.json(OpenApi.document(version, operations, routes))
}

const operation = async (house: House, c: Asked): Promise<Response> => {
  const { door, underway } = house
  const request = c.req.raw
  const key = request.headers.get("idempotency-key")
  if (key !== null && !/^[\x21-\x7e]{1,200}$/.test(key)) return badKey()
  const body = await Body.read(request)
  if (body instanceof Response) return body
  const parsed = Body.parse(body, request.headers.get("content-type"))
  if (parsed instanceof Response) return parsed
  const name = c.req.param("operation") ?? ""
  const caller = { ...callerOf(c, "http"), patience_seconds }
  // Two tokens, and two operations, may use the same words.
  const call_key = key === null ? {} : { call_key: keyOf(caller.token ?? "", name, key) }
  c.env.hold()
  const isLooking = await looks(house, name)
  const call = door.call(name, parsed.input, { ...caller, ...call_key })
  return answered(await underway.run(call, request.signal, isLooking))
}

const keyOf = (...words: ReadonlyArray<string>): string =>
  `http:${new Bun.CryptoHasher("sha256").update(words.join("\n")).digest("hex")}`

const badKey = (): Response =>
  Reply.error(400, "invalid", "The Idempotency-Key must have 1 to 200 characters, all of them visible ASCII.")

/** Does it change nothing? */
const looks = ({ catalogue }: House, name: string): Promise<boolean> =>
  Effect.runPromise(Effect.map(catalogue, ({ operations }) => operations.get(name)?.readonly ?? true))

const answered = (exit: Exit.Exit<Answered, OperationFailed>): Response =>
  // JSON has no undefined, and an output there must be.
  Exit.isSuccess(exit) ? Reply.json(exit.value.output ?? null) : refused(exit)

/** Whatever happened is in the log; nothing of it but words for the caller leaves. */
const refused = <A>(exit: Exit.Failure<A, OperationFailed>): Response => {
  const broke = new OperationFailed({ code: "internal", message: "The hub broke. Its log says why." })
  return Reply.failed(Cause.hasDies(exit.cause) ? broke : (failureOf(exit) ?? broke))
}

const runEvents = async (house: House, c: Asked): Promise<Response> => {
  const after = afterOf(c)
  if (after === undefined)
    return Reply.error(400, "invalid", "`after` and `Last-Event-ID` are the number of an event, 0 or more.")
  const wish = { after, types: typesOf(c) }
  const caller = callerOf(c, "http")
  return stream(house, c, house.followers.ofRun(c.req.param("id") ?? "", caller, wish, holderOf(c)))
}

/** What a browser sends by itself when it comes again is newer than the address it was given. */
const afterOf = (c: Asked): number | undefined => {
  const text = c.req.header("last-event-id") ?? c.req.query("after") ?? "0"
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const typesOf = (c: Asked): ReadonlySet<string> | undefined => {
  const types = (c.req.query("types") ?? "").split(",").filter((type) => type !== "")
  return types.length === 0 ? undefined : new Set(types.slice(0, 100))
}

const allEvents = async (house: House, c: Asked): Promise<Response> => {
  const { scopes } = c.get("who")
  if (scopes !== undefined && !covers(scopes, "read"))
    return Reply.error(403, "denied", "The events of all runs need the scope read.")
  return stream(house, c, house.followers.ofAll(typesOf(c), holderOf(c)))
}

const holderOf = (c: Asked) => ({ key: c.get("who").token ?? c.env.address, cut: c.env.cut })

const stream = async (
  { underway }: House,
  c: Asked,
  begin: Effect.Effect<ReadableStream<Uint8Array>, OperationFailed>,
): Promise<Response> => {
  const exit = await underway.run(begin, c.req.raw.signal, true)
  if (Exit.isFailure(exit)) return refused(exit)
  if (c.req.raw.method === "HEAD") void exit.value.cancel()
  c.env.hold()
  return new Response(c.req.raw.method === "HEAD" ? null : exit.value, { headers: ofStream })
}

const ofStream = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // Proxies that collect what they pass on are told not to.
  "x-accel-buffering": "no",
}

interface Entered {
  readonly request: Request
  readonly connection: Connection
  readonly who: Who.Who
}

const mcp = async ({ mcp }: House, { connection, request, who }: Entered): Promise<Response> => {
  const mayRead = who.scopes === undefined || covers(who.scopes, "read")
  const body = mayRead ? await Body.read(request) : Reply.error(403, "denied", "MCP needs the scope read.")
  if (body instanceof Response) return request.method === "POST" ? Reply.asRpc(body) : body
  connection.hold()
  return mcp(request, { ...who, door: "mcp", patience_seconds }, body)
}

const plugin = async ({ catalogue, underway }: House, c: Asked): Promise<Response> => {
  const request = c.req.raw
  const now = await Effect.runPromise(catalogue)
  return Routes.answer(now, request, callerOf(c, "http"), (effect, isLooking) => {
    c.env.hold()
    return underway.run(effect, request.signal, isLooking)
  })
}
