/** Outgoing HTTP by `fetch`, with limits on time, size and redirects. */
import { Duration, Effect, Layer } from "effect"
import { Http, HttpFailed, type HttpRequest, type HttpResponse } from "../services/Http.ts"
import { Secrets } from "../services/Secrets.ts"

const max_redirects = 10
const default_max_bytes = 10 * 1024 * 1024
const default_timeout = Duration.seconds(30)

/** Never to another origin. */
const private_headers = ["authorization", "cookie", "proxy-authorization"]

export const layer: Layer.Layer<Http, never, Secrets> = Layer.effect(
  Http,
  Effect.map(Secrets, ({ redact }) => {
    const failed = (request: HttpRequest, reason: HttpFailed["reason"], detail: string): HttpFailed =>
      new HttpFailed({ url: redact(request.url), reason, detail: redact(detail) })

    const request = Effect.fn("Http.request")(
      function* (asked: HttpRequest): Effect.fn.Return<HttpResponse, HttpFailed> {
        const limit = asked.max_bytes ?? default_max_bytes
        return yield* Effect.tryPromise({
          try: (signal) => exchange(asked, limit, signal),
          catch: (cause) =>
            cause instanceof Refused
              ? failed(asked, cause.reason, cause.message)
              : failed(asked, "network", cause instanceof Error ? cause.message : String(cause)),
        })
      },
      (effect, asked) => {
        const limit = Duration.fromInputUnsafe(asked.timeout ?? default_timeout)
        return Effect.timeoutOrElse(effect, {
          duration: limit,
          orElse: () => Effect.fail(failed(asked, "timeout", `no answer within ${Duration.format(limit)}`)),
        })
      },
    )

    return Http.of({ request })
  }),
)

class Refused extends Error {
  readonly reason: HttpFailed["reason"]
  constructor(reason: HttpFailed["reason"], message: string) {
    super(message)
    this.reason = reason
  }
}

interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string | undefined
}

const exchange = async (asked: HttpRequest, limit: number, signal: AbortSignal): Promise<HttpResponse> => {
  let hop = first(asked)
  for (let hops = 0; hops <= max_redirects; hops++) {
    const response = await fetch(hop.url, {
      method: hop.method,
      headers: hop.headers,
      ...(hop.body === undefined ? {} : { body: hop.body }),
      redirect: "manual",
      signal,
    })
    const target = redirection(response)
    if (target === undefined) return await received(response, limit)
    await response.body?.cancel()
    hop = following(hop, response.status, target)
  }
  throw new Refused("network", `more than ${max_redirects} redirects`)
}

const first = (asked: HttpRequest): Hop => ({
  url: address(asked.url),
  method: asked.method ?? "GET",
  headers: sendable(asked.headers ?? {}),
  body: asked.body,
})

/** Bun's fetch would also open files and data URLs. */
const address = (text: string, base?: URL): URL => {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new Refused("bad_url", "not a URL")
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Refused("bad_url", `only http and https are spoken here, not ${url.protocol}`)
  return url
}

const sendable = (headers: Readonly<Record<string, string>>): Headers => {
  try {
    return new Headers(headers)
  } catch {
    throw new Refused("network", "a header has a name or value that cannot be sent")
  }
}

const redirection = (response: Response): string | undefined =>
  [301, 302, 303, 307, 308].includes(response.status)
    ? (response.headers.get("location") ?? undefined)
    : undefined

const following = (hop: Hop, status: number, target: string): Hop => {
  const url = address(target, hop.url)
  const headers = new Headers(hop.headers)
  if (url.origin !== hop.url.origin) for (const name of private_headers) headers.delete(name)
  const becomesGet = (status === 303 && hop.method !== "HEAD") || (status < 303 && hop.method === "POST")
  if (!becomesGet) return { url, headers, method: hop.method, body: hop.body }
  for (const name of ["content-type", "content-length"]) headers.delete(name)
  return { url, headers, method: "GET", body: undefined }
}

const received = async (response: Response, limit: number): Promise<HttpResponse> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: new TextDecoder().decode(await bytes(response, limit)),
})

/** Counts what comes out of decompression: a small answer may unpack to a huge one. */
const bytes = async (response: Response, limit: number): Promise<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.byteLength
    // Leaving the loop cancels the rest.
    if (size > limit) throw new Refused("too_large", `the answer is longer than ${limit} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
