/** Resources that a client wants to hear of, followed for as long as somebody does. */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server"
import { Effect, type Fiber, Stream } from "effect"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import type { Caller } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { find, type Found, read } from "./Readings.ts"
import { type Fork, toProtocol } from "./Settle.ts"

/** Resources that one connection may follow. */
export const mostFollowed = 1_000

/** At most ten notifications a second for each resource: what happens in between is told once. */
const pause = "100 millis"

export interface Subscriptions {
  /**
   * Follows it until the function it gives is called. Fails when there is no such resource, when the caller may not read it,
   * and over the limit. One that changes no more counts too, until it is left.
   */
  readonly add: (uri: string, caller: Caller) => Effect.Effect<() => void, ProtocolError>
  /** The same at once; what fails is passed over. */
  readonly hold: (uri: string, caller: Caller) => () => void
  readonly close: () => void
}

interface Followed {
  count: number
  fiber?: Fiber.Fiber<void>
}

export const make = (options: {
  readonly catalogue: Effect.Effect<Catalogue, ProtocolError>
  readonly fork: Fork
  /** The resource reads differently now. */
  readonly tell: (uri: string) => unknown
  readonly most?: number
}): Subscriptions => {
  const { catalogue, fork, most = mostFollowed, tell } = options
  const all = new Map<string, Followed>()

  const add = Effect.fnUntraced(function* (uri: string, caller: Caller) {
    const found = yield* readable(yield* catalogue, uri, caller)
    const known = all.get(uri)
    if (known === undefined && all.size >= most) return yield* tooMany(most)
    const one = known ?? begin(uri, found)
    one.count++
    return once(() => leave(uri, one))
  })

  const begin = (uri: string, found: Found): Followed => {
    const one: Followed = { count: 0 }
    all.set(uri, one)
    one.fiber = fork(follow(found, () => tell(uri)))
    return one
  }

  const leave = (uri: string, one: Followed): void => {
    if (--one.count > 0) return
    if (all.get(uri) === one) all.delete(uri)
    one.fiber?.interruptUnsafe()
  }

  const hold = (uri: string, caller: Caller) => {
    let isLeft = false
    let release = (): void => {}
    const adding = Effect.map(add(uri, caller), (made) => (isLeft ? made() : (release = made)))
    fork(Effect.ignore(adding))
    return () => {
      isLeft = true
      release()
    }
  }

  const close = (): void => {
    for (const { fiber } of all.values()) fiber?.interruptUnsafe()
    all.clear()
  }

  return { add, hold, close }
}

const once = (run: () => void): (() => void) => {
  let isDone = false
  return () => {
    if (!isDone) run()
    isDone = true
  }
}

const tooMany = (most: number) =>
  Effect.fail(
    new ProtocolError(
      ProtocolErrorCode.InvalidRequest,
      `${most} resources are followed already. Unsubscribe from one of them first.`,
    ),
  )

const readable = Effect.fnUntraced(function* (catalogue: Catalogue, uri: string, caller: Caller) {
  const found = yield* find(catalogue, uri)
  yield* Effect.mapError(read(found, uri, caller, silent), toProtocol)
  return found
})

const follow = ({ resource: { changes }, variables }: Found, tell: () => unknown): Effect.Effect<void> =>
  changes === undefined
    ? Effect.never
    : changes(variables).pipe(
        Stream.buffer({ capacity: 1, strategy: "sliding" }),
        Stream.runForEach(() =>
          Effect.andThen(Effect.ignore(Effect.tryPromise(async () => tell())), Effect.sleep(pause)),
        ),
      )
