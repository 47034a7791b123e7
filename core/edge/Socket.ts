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

/** Milliseconds in which a hub that ends still lets in who has found its door. */
const lastComers = 5
/** A hub that ends lets calls that change something finish, but no longer than this. */
const finishWithin = 5_000
/** And waits no longer than this for clients to take their answers. */
const farewell = 500

/** Longest path of a socket on Linux; macOS has 104. */
const maxPath = 103

export class SocketTaken extends Schema.TaggedError<SocketTaken>()("SocketTaken", {
  path: Schema.String,
  message: Schema.String,
}) {}

/** The hub ends, or is gone. What it had not begun, and what only looks, may be asked again elsewhere. */
class HubEnding extends Schema.TaggedError<HubEnding>()("HubEnding", { hasBegun: Schema.Boolean }) {}

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
  const calls = new Calls()
  const serving = { door, fork: Effect.runForkWith(yield* Effect.context<never>()), calls }
  yield* Effect.acquireRelease(
    Effect.try({ try: () => serve(serving, path), catch: (cause) => refused(path, String(cause)) }),
    (server) =>
      Effect.promise(async () => {
        // First the name: whoever comes now looks for the next hub, and who came before is still let in.
        remove(path)
        await Bun.sleep(lastComers)
        await calls.end()
        // What was answered last is still on its way.
        await Promise.race([server.stop(), Bun.sleep(farewell)])
        await server.stop(true)
      }),
  )
})

/** A door to the hub that serves on `path`; once that hub ends, to what `next` finds. Fails when nobody answers. */
export const connect = Effect.fn("Socket.connect")(function* (
  path: string,
  next: Effect.Effect<Door, HubUnreachable> = Effect.fail(nobody(path)),
) {
  return (yield* answers(path)) ? remote(path, next) : yield* nobody(path)
})

const nobody = (path: string): HubUnreachable =>
  new HubUnreachable({
    home: path.replace(/\/[^/]*$/, ""),
    message: `No hub answers on ${path}. Start one with \`hub serve\`.`,
  })

const remote = (path: string, next: Effect.Effect<Door, HubUnreachable>): Door => {
  let moved: Door | undefined
  const move = next.pipe(
    Effect.mapError(({ message }) => new OperationFailed({ code: "unavailable", message })),
    Effect.tap((door) => Effect.sync(() => (moved = door))),
  )
  const through = <A>(
    here: Effect.Effect<A, OperationFailed | HubEnding>,
    there: (door: Door, hasBegun: boolean) => Effect.Effect<A, OperationFailed>,
  ) =>
    Effect.suspend(() => {
      if (moved !== undefined) return there(moved, false)
      return Effect.catchTag(here, "HubEnding", ({ hasBegun }) =>
        Effect.flatMap(move, (door) => there(door, hasBegun)),
      )
    })
  return {
    operations: through(
      Effect.flatMap(ask(path, "/operations"), (body) => decoded(Schema.Array(Described), body)),
      (door) => door.operations,
    ),
    call: (name, input, caller) =>
      through(
        ask(path, "/call", { name, input, caller }).pipe(
          Effect.flatMap((body) => decoded(Reply, body)),
          Effect.flatMap((reply): Effect.Effect<Answered, OperationFailed> =>
            "error" in reply ? Effect.fail(new OperationFailed(reply.error)) : Effect.succeed(reply),
          ),
        ),
        (door, hasBegun) =>
          Effect.andThen(hasBegun ? onlyLooks(door, name) : Effect.void, door.call(name, input, caller)),
      ),
  }
}

/** Nobody knows what became of a call that changes something. */
const onlyLooks = (door: Door, name: string): Effect.Effect<void, OperationFailed> =>
  Effect.flatMap(door.operations, (operations) =>
    operations.some((one) => one.name === name && one.readonly)
      ? Effect.void
      : Effect.fail(gone("went away before it answered")),
  )

const decoded = <A>(schema: Schema.Codec<A, unknown>, body: unknown): Effect.Effect<A, OperationFailed> =>
  Effect.mapError(Schema.decodeUnknownEffect(schema)(body), () => gone("answered with something else"))

const gone = (what: string): OperationFailed =>
  new OperationFailed({
    code: "unavailable",
    message: `The hub ${what}. Runs that it accepted go on; \`hub doctor\` tells more.`,
  })

// Without a timeout of its own, fetch gives up after five minutes. On a connection that is kept it would, when that is
// cut, ask a second time by itself: work would be done twice.
const ask = (
  path: string,
  route: string,
  body?: unknown,
): Effect.Effect<unknown, OperationFailed | HubEnding> =>
  Effect.tryPromise({
    try: async (signal) => {
      const method = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
      const way = { unix: path, signal, timeout: false, keepalive: false, ...method } as BunFetchRequestInit
      const response = await fetch(`http://hub${route}`, way)
      if (response.status === ending) throw new HubEnding({ hasBegun: false })
      return await response.json()
    },
    catch: (cause) => {
      if (cause instanceof HubEnding) return cause
      if (cause instanceof SyntaxError) return gone("answered with something else")
      return new HubEnding({ hasBegun: !isNobody(cause) })
    },
  })

/** HTTP status of a call that was not begun, or only looked. */
const ending = 503

const isNobody = (cause: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes(String((cause as { code?: unknown }).code))

const answers = (path: string): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch("http://hub/livez", { unix: path, signal, keepalive: false })).pipe(
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

interface Serving {
  readonly door: Door
  readonly fork: Fork
  readonly calls: Calls
}

interface Call {
  /** Changes nothing, or has not begun: may be broken off and asked again elsewhere. */
  isLooking: boolean
  stop: () => void
}

/** The calls under way. Once it has ended there are no new ones. */
class Calls {
  private readonly open = new Map<Call, Promise<unknown>>()
  hasEnded = false

  async during<A>(call: Call, result: Promise<A>): Promise<A> {
    this.open.set(call, result)
    try {
      return await result
    } finally {
      this.open.delete(call)
    }
  }

  /** Breaks off whoever only looks, and waits for the others. */
  async end(): Promise<void> {
    this.hasEnded = true
    for (const call of this.open.keys()) if (call.isLooking) call.stop()
    await Promise.race([Promise.allSettled(this.open.values()), Bun.sleep(finishWithin)])
    for (const { stop } of this.open.keys()) stop()
  }
}

const serve = (serving: Serving, path: string): Bun.Server<undefined> => {
  const before = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBytes,
      fetch: (request, server) => {
        server.timeout(request, 0)
        return answer(serving, request)
      },
      error: () => json({ error: errorOf(gone("broke")) }, 500),
    })
    chmodSync(path, 0o600)
    return server
  } finally {
    process.umask(before)
  }
}

const answer = async (serving: Serving, request: globalThis.Request): Promise<Response> => {
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case "GET /livez":
      return serving.calls.hasEnded ? isEnding() : new Response("ok")
    case "GET /operations":
      return settle(serving, request, () => serving.door.operations)
    case "POST /call":
      return settle(serving, request, (call) => asked(serving, request, call), plainly)
    default:
      return json({ error: { code: "not_found", message: "There is no such route." } }, 404)
  }
}

const plainly = ({ output, text }: Answered): unknown => ({
  // JSON has no undefined, and an output there must be.
  output: output ?? null,
  ...(text === undefined ? {} : { text }),
})

const asked = Effect.fnUntraced(function* (
  { calls, door }: Serving,
  request: globalThis.Request,
  call: Call,
): Effect.fn.Return<Answered, OperationFailed> {
  const body = yield* Effect.tryPromise({
    try: () => request.json(),
    catch: () => new OperationFailed({ code: "invalid", message: "The request is no JSON." }),
  })
  const { caller, input, name } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Request)(body, { onExcessProperty: "error" }),
    (error) => new OperationFailed({ code: "invalid", message: `The request is wrong. ${error.message}` }),
  )
  const operations = yield* door.operations
  call.isLooking = operations.find((one) => one.name === name)?.readonly ?? true
  return yield* calls.hasEnded ? Effect.interrupt : door.call(name, input, caller)
})

/** A client that hangs up ends its call. */
const settle = async <A>(
  { calls, fork }: Serving,
  request: globalThis.Request,
  work: (call: Call) => Effect.Effect<A, OperationFailed>,
  body: (value: A) => unknown = (value) => value,
): Promise<Response> => {
  if (calls.hasEnded) return isEnding()
  const call: Call = { isLooking: true, stop: () => fiber.interruptUnsafe() }
  const fiber = fork(Effect.suspend(() => work(call)))
  request.signal.addEventListener("abort", call.stop)
  const exit = await calls.during(call, Effect.runPromise(Fiber.await(fiber)))
  request.signal.removeEventListener("abort", call.stop)
  const isBrokenOff = calls.hasEnded && call.isLooking && Exit.hasInterrupts(exit)
  return isBrokenOff ? isEnding() : respond(exit, body)
}

const isEnding = (): Response => json({}, ending)

const respond = <A>(exit: Exit.Exit<A, OperationFailed>, body: (value: A) => unknown): Response => {
  if (Exit.isSuccess(exit)) return json(body(exit.value))
  const failure = Cause.hasDies(exit.cause) ? gone("broke") : failureOf(exit)
  return json({ error: failure === undefined ? undefined : errorOf(failure) }, 200)
}

const json = (body: unknown, status = 200): Response => Response.json(body, { status })
