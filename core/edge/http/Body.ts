/** The body of a request, within limits of size and time. */
import { maxInputBytes } from "../Call.ts"
import * as Reply from "./Reply.ts"

/** The input, and the little around it. */
export const maxBytes = maxInputBytes + 100_000

/** Milliseconds in which a body must be here. */
export const within = 30_000

/** The bytes, or the answer to who sends too many or too slowly. */
export const read = async (request: Request, ms = within): Promise<Uint8Array | Response> => {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return tooLarge()
  if (request.body === null) return new Uint8Array()
  const { promise: late, resolve } = Promise.withResolvers<Response>()
  const timer = setTimeout(() => resolve(tooSlow(ms)), ms)
  const whole = request.headers.has("content-length") ? request.bytes() : gather(request.body)
  try {
    return await Promise.race([whole, late])
  } catch {
    return Reply.error(400, "invalid", "The body of the request broke off.", close)
  } finally {
    clearTimeout(timer)
  }
}

/** Of unknown length. */
const gather = async (body: ReadableStream<Uint8Array>): Promise<Uint8Array | Response> => {
  const pieces: Array<Uint8Array> = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > maxBytes) return tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** The JSON that a body holds; without a body an empty object. */
export const parse = (bytes: Uint8Array, type: string | null): { readonly input: unknown } | Response => {
  if (bytes.length === 0) return { input: {} }
  if (!/^application\/json\s*(;|$)/i.test(type ?? ""))
    return Reply.error(415, "invalid", "The body must be JSON: send `Content-Type: application/json`.")
  try {
    return { input: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown }
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : "it is not UTF-8"
    return Reply.error(400, "invalid", `The body is no JSON: ${why}.`)
  }
}

/** What is still to come of such a body is not waited for. */
const close = { connection: "close" }

const tooLarge = (): Response =>
  Reply.error(413, "too_large", `The body is larger than ${maxBytes / 1_000_000} MB.`, close)

const tooSlow = (ms: number): Response =>
  Reply.error(408, "too_slow", `The body was not here within ${ms / 1000} seconds.`, close)

/** The same request with a body that is here already. */
export const again = (request: Request, bytes: Uint8Array): Request =>
  new Request(request.url, {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    ...(bytes.length === 0 ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
  })
