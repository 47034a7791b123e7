/** Routes of a plugin behind a wire: whole requests and whole responses, no streams. */
import { Effect, Schema } from "effect"
import type { RouteHandle } from "../../plugin/Catalogue.ts"
import { quiet } from "../Border.ts"
import { brokenRoute } from "../handles/kinds.ts"
import type { Offer } from "../Offer.ts"
import { MAX_BODY, Replies, RouteRequest } from "../Wire.ts"
import { type Far, meant } from "./answers.ts"

export const route = (
  far: Far,
  { method, path, summary }: NonNullable<Offer["routes"]>[number],
): RouteHandle => {
  const { border, remote } = far
  const handle: RouteHandle["handle"] = (request, caller, params) =>
    quiet(
      border,
      `route ${method} ${path}`,
      () =>
        Effect.gen(function* () {
          const body = yield* Effect.promise(() => request.bytes())
          if (body.length > MAX_BODY) return tooLarge()
          const asked = { method, path, request: yield* packed(request, body), caller, params }
          const call = remote.call("route.handle", asked, border.limits.operation)
          return responseOf(yield* meant(call, Replies.response))
        }),
      () => brokenRoute(border.plugin),
    )
  return { plugin: border.plugin, method, path, summary, handle }
}

const packed = ({ headers, method, url }: Request, body: Uint8Array) =>
  Effect.orDie(
    Schema.encodeEffect(RouteRequest)({
      method,
      url,
      headers: [...headers],
      ...(body.length === 0 ? {} : { body }),
    }),
  )

const tooLarge = (): Response => {
  const message = `The body is larger than ${MAX_BODY / 1024 / 1024} MB, the most that reaches a plugin in a worker or a process.`
  return Response.json({ error: { code: "too_large", message } }, { status: 413 })
}

/** The hub's own connection says how long a body is, and when it ends. */
const ofConnection = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"])

const responseOf = ({ body, headers = [], status }: typeof Replies.response.Type): Response =>
  new Response(body === undefined || body.length === 0 ? null : (body as Uint8Array<ArrayBuffer>), {
    status,
    headers: headers
      .filter(([name]) => !ofConnection.has(name.toLowerCase()))
      .map(([name, value]): [string, string] => [name, value]),
  })
