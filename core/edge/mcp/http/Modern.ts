/** The protocol from 2026-07-28 on: each request stands alone, and what changes is told on `subscriptions/listen`. */
import {
  type AuthInfo,
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { Caller } from "../../../plugin/Operation.ts"
import { isObject } from "../../JsonSchema.ts"
import { allSettled, urisOf } from "../Listening.ts"
import * as Server from "../Server.ts"
import * as Subscriptions from "../Subscriptions.ts"
import { watch } from "../Watch.ts"
import { flow } from "./Flow.ts"
import type { Asked } from "./Session.ts"

/** Streams of `subscriptions/listen`, all clients together. */
const mostListening = 1_000

export const make = Effect.fnUntraced(function* (making: Server.Making, maxBytes: number) {
  const handler = createMcpHandler(() => Server.makeForOne(making), {
    legacy: "reject",
    maxSubscriptions: mostListening,
    maxRequestBodySize: maxBytes,
  })
  const { notify } = handler
  const tell = {
    tools: () => notify.toolsChanged(),
    resources: () => notify.resourcesChanged(),
    prompts: () => notify.promptsChanged(),
  }
  const served = Effect.mapError(
    making.hub,
    ({ message }) => new ProtocolError(ProtocolErrorCode.InternalError, message),
  )
  yield* Effect.forkScoped(
    Effect.ignore(Effect.flatMap(served, (hub) => watch(hub, undefined, (list) => tell[list]()))),
  )

  const subscriptions = Subscriptions.make({
    hub: served,
    fork: making.fork,
    tell: (uri) => notify.resourceUpdated(uri),
  })

  const handle = async ({ body, request }: Asked, caller: Caller, authInfo: AuthInfo): Promise<Response> => {
    const uris = isListen(body) ? urisOf(body["params"]) : []
    const held = uris.map((uri) => subscriptions.hold(uri, caller))
    if (held.length > 0) await allSettled(held)
    const response = await handler.fetch(request, { authInfo, parsedBody: body })
    return flow(request, response, () => held.forEach(({ leave }) => leave()))
  }

  /** Its streams end. */
  const end = Effect.promise(async () => {
    subscriptions.close()
    await handler.close()
  })

  return { handle, end }
})

const isListen = (body: unknown): body is Record<string, unknown> =>
  isObject(body) && body["method"] === "subscriptions/listen"
