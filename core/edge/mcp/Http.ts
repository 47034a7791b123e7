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

  /** Ends what is open and answers nothing more. Whoever closes the port waits for what is open. */
  const end = Effect.suspend(() => {
    hasEnded = true
    return Effect.all([sessions.end, modern.end], { discard: true })
  })
  yield* Effect.addFinalizer(() => end)

  const open = async (asked: Asked, caller: Caller): Promise<Response> => {
    const full = sessions.room(caller)
    if (full !== undefined) return Refusals.full(full.most, full.whose)
    const session = new Session({
      server: Server.make(making, "legacy"),
      caller,
      authInfo: authOf(caller),
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

  const begin = async (asked: Asked, caller: Caller): Promise<Response> => {
    if (!(await isLegacyRequest(asked.request, asked.body)))
      return modern.handle(asked, caller, authOf(caller))
    if (asked.request.headers.has("mcp-session-id")) return Refusals.unknownSession()
    return opens(asked.body) ? open(asked, caller) : Refusals.noSession()
  }

  /** `caller` is who the HTTP door let in, `bytes` the body of the request. */
  const handle = async (request: Request, caller: Caller, bytes: Uint8Array): Promise<Response> => {
    if (hasEnded) return Refusals.ending()
    const body = request.method === "POST" ? parse(bytes) : undefined
    if (body instanceof Response) return body
    const asked = { request, body }
    // Who has a session speaks a protocol that has them.
    const session = sessions.find(request.headers.get("mcp-session-id"), caller)
    return session === undefined ? begin(asked, caller) : session.handle(asked)
  }

  return { handle, end, sessions: Effect.sync(sessions.shown) }
})

const utf8 = new TextDecoder("utf-8", { fatal: true })

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown
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
