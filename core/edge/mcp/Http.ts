/**
 * MCP over HTTP: `/mcp`, in both eras of the protocol.
 *
 * Up to 2025-11-25 a client has a session: a server of its own, a stream for what is told unasked, and a log to go on from when
 * a stream was cut. From 2026-07-28 on each request stands alone. The body says which it is.
 *
 * Whoever calls this has looked at `Host`, `Origin` and the token before, and keeps Bun from closing quiet streams
 * (`server.timeout(request, 0)`).
 */
import { type AuthInfo, isLegacyRequest } from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { Caller } from "../../plugin/Operation.ts"
import * as Body from "../http/Body.ts"
import { factsKey } from "./Callers.ts"
import * as Modern from "./http/Modern.ts"
import * as Refusals from "./http/Refusals.ts"
import { type Asked, opens, Session } from "./http/Session.ts"
import * as Sessions from "./http/Sessions.ts"
import * as Server from "./Server.ts"

export interface HttpOptions extends Server.HubOptions {
  readonly limits?: Sessions.Limits | undefined
}

/** Streams and sessions end with the scope; runs go on. */
export const make = Effect.fn("McpHttp.make")(function* (options: HttpOptions) {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const making = { ...options, fork }
  let hasEnded = false
  const sessions = yield* Sessions.make(options.limits ?? Sessions.limits)
  const modern = yield* Modern.make(making, Body.maxBytes)
  yield* Effect.addFinalizer(() => Effect.sync(() => (hasEnded = true)))

  const open = async (asked: Asked, caller: Caller): Promise<Response> => {
    const full = sessions.room(caller)
    if (full !== undefined) return Refusals.full(full.most, full.whose)
    const session = new Session({
      server: Server.make(making, "legacy"),
      caller,
      maxBytes: Body.maxBytes,
      now: sessions.now,
      closed: sessions.remove,
    })
    sessions.add(session)
    await session.connect()
    const response = await session.handle(asked)
    // The SDK refused to begin.
    if (!response.ok) await session.close()
    return response
  }

  const legacy = (asked: Asked, caller: Caller): Promise<Response> => {
    const id = asked.request.headers.get("mcp-session-id")
    if (id === null && opens(asked.body)) return open(asked, caller)
    if (id === null) return Promise.resolve(Refusals.noSession())
    const session = sessions.find(id, caller)
    return session === undefined ? Promise.resolve(Refusals.unknownSession()) : session.handle(asked)
  }

  /** `caller` is who the HTTP door let in. */
  const handle = async (request: Request, caller: Caller): Promise<Response> => {
    if (hasEnded) return Refusals.ending()
    const body = request.method === "POST" ? await bodyOf(request) : undefined
    if (body instanceof Response) return body
    const asked = { request, body, authInfo: authOf(caller) }
    return (await isLegacyRequest(request, body)) ? legacy(asked, caller) : modern(asked, caller)
  }

  return { handle, sessions: Effect.sync(sessions.shown) }
})

const bodyOf = async (request: Request): Promise<unknown> => {
  const bytes = await Body.read(request)
  if (bytes instanceof Response) return bytes
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown
  } catch {
    return Refusals.noJson()
  }
}

/** How the SDK hands on who asks. The token itself stays at the door. */
const authOf = ({ scopes, token }: Caller): AuthInfo => ({
  token: "",
  clientId: token ?? "",
  scopes: [...(scopes ?? [])],
  extra: { [factsKey]: { scopes, token } },
})
