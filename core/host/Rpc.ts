/** JSON-RPC 2.0 between the hub and a plugin in a worker or process, both ways over one line each. */
import type { Fiber } from "effect"
import { Cause, Deferred, Effect, Exit, Schema } from "effect"

/** Longest message, in characters. */
export const MAX_MESSAGE = 16 * 1024 * 1024

export class RpcError extends Schema.TaggedError<RpcError>()("RpcError", {
  code: Schema.Int,
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown),
}) {}

/** Codes of our own; the rest are JSON-RPC's. `data` holds a failure by its `_tag`. */
export const codes = {
  expected: -32000,
  gone: -32001,
  unknown: -32601,
  params: -32602,
  internal: -32603,
} as const

export const gone = (message: string) => new RpcError({ code: codes.gone, message })

const Message = Schema.Struct({
  jsonrpc: Schema.Literal("2.0"),
  id: Schema.optionalKey(Schema.Union([Schema.Int, Schema.String])),
  method: Schema.optionalKey(Schema.String),
  params: Schema.optionalKey(Schema.Unknown),
  result: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(
    Schema.Struct({ code: Schema.Int, message: Schema.String, data: Schema.optionalKey(Schema.Unknown) }),
  ),
})
type Message = typeof Message.Type
const decodeMessage = Schema.decodeUnknownExit(Schema.fromJsonString(Message))

export interface Peer {
  /** Interrupting it tells the other side to stop (`$/cancel`). */
  readonly call: (method: string, params: unknown) => Effect.Effect<unknown, RpcError>
  readonly notify: (method: string, params: unknown) => void
  /** One message from the other side. */
  readonly receive: (text: string) => void
  /** Fails every open call; nothing is sent or received from then on. */
  readonly close: (reason: string) => void
  /** Open calls to the other side. */
  readonly waiting: () => number
}

export interface Options {
  readonly send: (text: string) => void
  readonly handle: (method: string, params: unknown) => Effect.Effect<unknown, RpcError>
  /** `length`: of the whole message, in characters. */
  readonly notified?: ((method: string, params: unknown, length: number) => void) | undefined
  /** Starts the answer to a call, with the caller's log. */
  readonly fork?: (<A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>) | undefined
  /** The other side broke the protocol; the peer is closed. */
  readonly broken: (reason: string) => void
}

export const make = (options: Options): Peer => {
  const calls = new Map<number, Deferred.Deferred<unknown, RpcError>>()
  const running = new Map<number | string, Fiber.Fiber<unknown, unknown>>()
  let next = 0
  let closed: string | undefined

  const write = (message: object): string | undefined => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message })
    if (text.length > MAX_MESSAGE) return `a message of ${text.length} characters; 16 MB is the most`
    if (closed === undefined) options.send(text)
    return undefined
  }

  const call = (method: string, params: unknown): Effect.Effect<unknown, RpcError> =>
    Effect.suspend(() => {
      if (closed !== undefined) return Effect.fail(gone(closed))
      const id = (next += 1)
      const answer = Deferred.makeUnsafe<unknown, RpcError>()
      calls.set(id, answer)
      const problem = write({ id, method, params })
      if (problem !== undefined)
        Deferred.doneUnsafe(answer, Exit.fail(new RpcError({ code: codes.params, message: problem })))
      return Deferred.await(answer).pipe(
        Effect.onInterrupt(() => Effect.sync(() => void write({ method: "$/cancel", params: { id } }))),
        Effect.ensuring(Effect.sync(() => calls.delete(id))),
      )
    })

  const close = (reason: string) => {
    if (closed !== undefined) return
    closed = reason
    for (const answer of calls.values()) Deferred.doneUnsafe(answer, Exit.fail(gone(reason)))
    for (const fiber of running.values()) fiber.interruptUnsafe()
  }

  const answered = ({ id, error, result }: Message) => {
    const answer = typeof id === "number" ? calls.get(id) : undefined
    if (answer === undefined) return
    Deferred.doneUnsafe(answer, error === undefined ? Exit.succeed(result) : Exit.fail(new RpcError(error)))
  }

  const asked = (id: number | string, method: string, params: unknown) => {
    const fiber = (options.fork ?? Effect.runFork)(Effect.suspend(() => options.handle(method, params)))
    running.set(id, fiber)
    fiber.addObserver((exit) => {
      running.delete(id)
      const problem = write(
        Exit.isSuccess(exit) ? { id, result: exit.value ?? null } : { id, error: errorOf(exit.cause) },
      )
      if (problem !== undefined) write({ id, error: { code: codes.internal, message: problem } })
    })
  }

  const told = (method: string, params: unknown, length: number) => {
    if (method === "$/cancel") running.get((params as { id?: number })?.id ?? -1)?.interruptUnsafe()
    else options.notified?.(method, params, length)
  }

  const receive = (text: string) => {
    if (closed !== undefined) return
    const decoded = text.length > MAX_MESSAGE ? undefined : decodeMessage(text)
    if (decoded === undefined || Exit.isFailure(decoded)) {
      const reason =
        decoded === undefined
          ? "sent a message longer than 16 MB"
          : `sent a line that is no JSON-RPC message: ${text.slice(0, 200)}`
      close(reason)
      return options.broken(reason)
    }
    const { id, method, params } = decoded.value
    if (method === undefined) answered(decoded.value)
    else if (id === undefined) told(method, params, text.length)
    else asked(id, method, params)
  }

  return {
    call,
    close,
    receive,
    notify: (method, params) => void write({ method, params }),
    waiting: () => calls.size,
  }
}

const errorOf = (cause: Cause.Cause<unknown>) => {
  if (Cause.hasInterruptsOnly(cause)) return { code: codes.internal, message: "was stopped" }
  const error = Cause.squash(cause)
  if (error instanceof RpcError)
    return {
      code: error.code,
      message: error.message,
      ...(error.data === undefined ? {} : { data: error.data }),
    }
  return {
    code: codes.internal,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

/** Cuts a byte stream into lines. Gives `false` when a line is longer than a message may be. */
export const lines = (line: (text: string) => void): ((chunk: Uint8Array) => boolean) => {
  const decoder = new TextDecoder()
  let parts: Array<string> = []
  let length = 0
  return (chunk) => {
    const pieces = decoder.decode(chunk, { stream: true }).split("\n")
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece)
      length += piece.length
      if (length > MAX_MESSAGE) return false
      if (index === pieces.length - 1) break
      const whole = parts.join("").trim()
      parts = []
      length = 0
      if (whole !== "") line(whole)
    }
    return true
  }
}
