/** Answers requests to a plugin's routes. */
import { Effect, Schema, Stream } from "effect"
import { MAX_BODY, Replies, RouteRequest } from "../Wire.ts"
import { type Answers, type Offered, one } from "./answers.ts"

export const routes = (offered: Offered): Answers => ({
  "route.handle": ({ caller, method, params, path, request }) =>
    Effect.gen(function* () {
      const found = yield* one(
        offered().routes,
        (route) => route.method === method && route.path === path,
        `route ${method} ${path}`,
      )
      const asked = requestOf(yield* Schema.decodeUnknownEffect(RouteRequest)(request))
      const { body, headers, status } = yield* found.handle(asked, caller, params)
      const bytes = body === null ? new Uint8Array() : yield* bytesOf(body)
      return yield* Schema.encodeEffect(Replies.response)({ status, headers: [...headers], body: bytes })
    }),
})

const requestOf = ({ body, headers, method, url }: typeof RouteRequest.Type): Request =>
  new Request(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body === undefined || method === "GET" ? {} : { body: body as Uint8Array<ArrayBuffer> }),
  })

/** Whole and at once, so one that does not end has no answer. */
const bytesOf = (body: ReadableStream<Uint8Array>) =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    let size = 0
    const take = (piece: Uint8Array) => {
      size += piece.length
      if (size > MAX_BODY) return Effect.fail(tooLarge)
      pieces.push(piece)
      return Effect.void
    }
    return Stream.fromReadableStream({ evaluate: () => body, onError: (error) => error }).pipe(
      Stream.runForEach(take),
      Effect.map(() => Buffer.concat(pieces)),
    )
  })

const tooLarge = new Error(
  `a response of more than ${MAX_BODY / 1024 / 1024} MB: a route that answers more needs isolation = "none"`,
)
