/** The protocol's own library over a program's lines. Updates go by it: it would hand them on after the answer that they came before. */
import type { AnyMessage, RequestPermissionResponse } from "@agentclientprotocol/sdk"
import { Effect, FiberSet, type Scope, Schema, Stream } from "effect"
import { type Conversation, Reading } from "hub/plugin"
import type { Fault } from "./Failures.ts"

/** The agent said no. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  method: Schema.String,
  code: Schema.Number,
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown),
}) {}

/** The program ended, or closed its output. */
export class Closed extends Schema.TaggedError<Closed>()("Closed", { method: Schema.String }) {}

export interface Hears {
  /** Of a `session/update`, in the order they come. */
  readonly update: (update: Reading.Json) => Effect.Effect<void>
  /** A line that is no message. */
  readonly line: (text: string) => Effect.Effect<void>
  readonly permission: (params: Reading.Json) => Effect.Effect<RequestPermissionResponse>
}

export interface Connection {
  readonly request: (method: string, params: Reading.Json) => Effect.Effect<Reading.Json, Refused | Closed>
  /** Also when nobody reads any more. */
  readonly notify: (method: string, params: Reading.Json) => Effect.Effect<void>
}

export const connect = Effect.fnUntraced(function* (
  program: Conversation,
  hears: Hears,
): Effect.fn.Return<Connection, never, Scope.Scope> {
  // Only now: it costs the hub 6 MB, and most have no such agent.
  const sdk = yield* Effect.promise(() => import("@agentclientprotocol/sdk"))
  const runPromise = yield* FiberSet.makeRuntimePromise()
  const incoming = yield* messages(program, hears)
  const outgoing = new WritableStream<AnyMessage>({
    write: (message) => runPromise(program.write(JSON.stringify(message))),
  })
  const { agent } = sdk
    .client({ name: "hub" })
    .onRequest("session/request_permission", asGiven, ({ params, signal }) =>
      runPromise(hears.permission(params), { signal }),
    )
    .connect({ readable: incoming, writable: outgoing })
  return {
    request: (method, params) =>
      Effect.tryPromise({
        try: async () => Reading.asObject(await agent.request<unknown>(method, params)) ?? {},
        catch: (cause) =>
          cause instanceof sdk.RequestError ? refused(method, cause) : new Closed({ method }),
      }),
    notify: (method, params) => Effect.ignore(Effect.tryPromise(() => agent.notify(method, params))),
  }
})

/** Vendors tell more than the protocol knows, and a question that cannot be read is still one. */
const asGiven = (params: unknown): Reading.Json => Reading.asObject(params) ?? {}

const refused = (method: string, { code, data, message }: Fault) =>
  new Refused({ method, code, message, ...(data === undefined ? {} : { data }) })

/** Whatever is no update. Ends with the program. */
const messages = Effect.fnUntraced(function* (program: Conversation, hears: Hears) {
  let given: ReadableStreamDefaultController<AnyMessage> | undefined
  const incoming = new ReadableStream<AnyMessage>({ start: (controller) => void (given = controller) })
  const read = Stream.runForEach(program.lines, (line) => {
    if (line.trim() === "") return Effect.void
    const message = Reading.objectIn(line)
    if (message?.["jsonrpc"] !== "2.0") return hears.line(line)
    const update =
      message["method"] === "session/update" ? Reading.at(message, "params", "update") : undefined
    if (update !== undefined) return hears.update(Reading.asObject(update) ?? {})
    return Effect.sync(() => given?.enqueue(message as never))
  })
  yield* Effect.forkScoped(
    Effect.ensuring(
      read,
      Effect.sync(() => given?.close()),
    ),
  )
  return incoming
})
