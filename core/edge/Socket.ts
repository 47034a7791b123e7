/** The hub's local door: JSON over HTTP on a socket file that only its owner may open. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import { Cause, Effect, Exit, Fiber, Schema, type Scope } from "effect"
import { Caller, OperationCode, OperationFailed } from "../plugin/Operation.ts"
import { errorOf, failureOf, maxInputBytes } from "./Call.ts"
import { type Answered, Described, type Door, HubUnreachable } from "./Door.ts"

/** Bytes of a request: the input, and the little around it. */
const maxBytes = maxInputBytes + 100_000
/** How long a connection may take to say that it lives. A waiting call has no limit. */
const answerWithin = "2 seconds"

/** Longest path of a socket on Linux; macOS has 104. */
const maxPath = 103

export class SocketTaken extends Schema.TaggedError<SocketTaken>()("SocketTaken", {
  path: Schema.String,
  message: Schema.String,
}) {}

const Request = Schema.Struct({
  name: Schema.String,
  input: Schema.optionalKey(Schema.Unknown),
  caller: Caller,
})

const Reply = Schema.Union([
  Schema.Struct({ output: Schema.Unknown, text: Schema.optionalKey(Schema.String) }),
  Schema.Struct({
    error: Schema.Struct({
      code: OperationCode,
      message: Schema.String,
      details: Schema.optionalKey(Schema.Unknown),
    }),
  }),
])

/** Serves until the scope closes. A socket file that nobody answers on is taken over; one that somebody does is left alone. */
export const listen = Effect.fn("Socket.listen")(function* (
  door: Door,
  path: string,
): Effect.fn.Return<void, SocketTaken, Scope.Scope> {
  if (path.length > maxPath)
    return yield* taken(path, `is longer than ${maxPath} letters; choose a shorter HUB_HOME`)
  yield* clear(path)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  yield* Effect.acquireRelease(
    Effect.try({ try: () => serve(door, path, fork), catch: (cause) => refused(path, String(cause)) }),
    (server) =>
      Effect.promise(async () => {
        await server.stop(true)
        remove(path)
      }),
  )
})

/** A door to the hub that serves on `path`. Fails when nobody answers. */
export const connect = Effect.fn("Socket.connect")(function* (path: string) {
  if (!(yield* answers(path)))
    return yield* new HubUnreachable({
      home: path.replace(/\/[^/]*$/, ""),
      message: `No hub answers on ${path}. Start one with \`hub serve\`.`,
    })
  return remote(path)
})

const remote = (path: string): Door => ({
  operations: Effect.flatMap(ask(path, "/operations"), (body) => decoded(Schema.Array(Described), body)),
  call: (name, input, caller) =>
    ask(path, "/call", { name, input, caller }).pipe(
      Effect.flatMap((body) => decoded(Reply, body)),
      Effect.flatMap((reply): Effect.Effect<Answered, OperationFailed> =>
        "error" in reply ? Effect.fail(new OperationFailed(reply.error)) : Effect.succeed(reply),
      ),
    ),
})

const decoded = <A>(schema: Schema.Codec<A, unknown>, body: unknown): Effect.Effect<A, OperationFailed> =>
  Effect.mapError(Schema.decodeUnknownEffect(schema)(body), () => gone("answered with something else"))

const gone = (what: string): OperationFailed =>
  new OperationFailed({
    code: "unavailable",
    message: `The hub ${what}. Runs that it accepted go on; \`hub doctor\` tells more.`,
  })

// Without a timeout of its own, fetch gives up after five minutes.
const ask = (path: string, route: string, body?: unknown): Effect.Effect<unknown, OperationFailed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const method = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
      const waiting = { unix: path, signal, timeout: false, ...method } as BunFetchRequestInit
      return await (await fetch(`http://hub${route}`, waiting)).json()
    },
    catch: () => gone("went away before it answered"),
  })

const answers = (path: string): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch("http://hub/livez", { unix: path, signal })).pipe(
    Effect.timeout(answerWithin),
    Effect.map((response) => response.ok),
    Effect.orElseSucceed(() => false),
  )

const refused = (path: string, why: string) =>
  new SocketTaken({ path, message: `The socket ${path} cannot be opened: ${why}.` })
const taken = (path: string, why: string) => Effect.fail(refused(path, why))

const clear = Effect.fnUntraced(function* (path: string) {
  const found = yield* Effect.sync(() => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return
  if (!found.isSocket()) return yield* taken(path, "something that is no socket stands there")
  if (yield* answers(path)) return yield* taken(path, "another hub answers on it")
  yield* Effect.sync(() => remove(path))
})

const remove = (path: string): void => {
  try {
    unlinkSync(path)
  } catch {
    // Gone already, as after a crash of the disk below it.
  }
}

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

const serve = (door: Door, path: string, fork: Fork): Bun.Server<undefined> => {
  const before = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBytes,
      fetch: (request, server) => {
        server.timeout(request, 0)
        return answer(door, request, fork)
      },
      error: () => json({ error: errorOf(gone("broke")) }, 500),
    })
    chmodSync(path, 0o600)
    return server
  } finally {
    process.umask(before)
  }
}

const answer = async (door: Door, request: globalThis.Request, fork: Fork): Promise<Response> => {
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case "GET /livez":
      return new Response("ok")
    case "GET /operations":
      return respond(await settle(fork, door.operations, request.signal), (body) => body)
    case "POST /call":
      return respond(await settle(fork, asked(door, request), request.signal), ({ output, text }) => ({
        // JSON has no undefined, and an output there must be.
        output: output ?? null,
        ...(text === undefined ? {} : { text }),
      }))
    default:
      return json({ error: { code: "not_found", message: "There is no such route." } }, 404)
  }
}

const asked = Effect.fnUntraced(function* (door: Door, request: globalThis.Request) {
  const body = yield* Effect.tryPromise({
    try: () => request.json(),
    catch: () => new OperationFailed({ code: "invalid", message: "The request is no JSON." }),
  })
  const { caller, input, name } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Request)(body, { onExcessProperty: "error" }),
    (error) => new OperationFailed({ code: "invalid", message: `The request is wrong. ${error.message}` }),
  )
  return yield* door.call(name, input, caller)
})

/** A client that hangs up ends its call. */
const settle = async <A>(
  fork: Fork,
  effect: Effect.Effect<A, OperationFailed>,
  signal: AbortSignal,
): Promise<Exit.Exit<A, OperationFailed>> => {
  const fiber = fork(effect)
  const stop = (): void => fiber.interruptUnsafe()
  signal.addEventListener("abort", stop)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  signal.removeEventListener("abort", stop)
  return exit
}

const respond = <A>(exit: Exit.Exit<A, OperationFailed>, body: (value: A) => unknown): Response => {
  if (Exit.isSuccess(exit)) return json(body(exit.value))
  const failure = Cause.hasDies(exit.cause) ? gone("broke") : failureOf(exit)
  return json({ error: failure === undefined ? undefined : errorOf(failure) }, 200)
}

const json = (body: unknown, status = 200): Response => Response.json(body, { status })
