/** Resources that a client wants to hear of, followed for as long as somebody does. */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server"
import { Effect, type Fiber, Latch, Option, Stream } from "effect"
import type { Catalogue, ResourceHandle } from "../../plugin/Catalogue.ts"
import type { Caller } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { find, type Found, read } from "./Readings.ts"
import { type Fork, toProtocol } from "./Settle.ts"
import type { Served } from "./Watch.ts"

/** Resources that one connection may follow. */
export const mostFollowed = 1_000

/** At most ten notifications a second for each resource: what happens in between is told once. */
const pause = "100 millis"

export interface Held {
  /** Resolves once it is followed, or cannot be. */
  readonly settled: Promise<void>
  readonly leave: () => void
}

export interface Subscriptions {
  /**
   * Follows it until the function it gives is called, also when its plugin is started again. Fails when there is no such resource,
   * when the caller may not read it, and over the limit. One that changes no more counts too, until it is left.
   */
  readonly add: (uri: string, caller: Caller) => Effect.Effect<() => void, ProtocolError>
  /** The same, in the background; what fails is passed over. */
  readonly hold: (uri: string, caller: Caller) => Held
  readonly close: () => void
}

type Catalogues = Pick<Served, "catalogue" | "changes">

interface Followed {
  readonly uri: string
  readonly changed: Latch.Latch
  readonly telling: Fiber.Fiber<void>
  count: number
  /** The one that is followed now; none while its plugin is away. */
  resource?: ResourceHandle | undefined
  following?: Fiber.Fiber<void> | undefined
}

export const make = (options: {
  readonly hub: Effect.Effect<Catalogues, ProtocolError>
  readonly fork: Fork
  /** The resource reads differently now. */
  readonly tell: (uri: string) => unknown
  readonly most?: number
}): Subscriptions => {
  const { fork, hub, most = mostFollowed, tell } = options
  const all = new Map<string, Followed>()
  let watching: Fiber.Fiber<void> | undefined

  const add = Effect.fnUntraced(function* (uri: string, caller: Caller) {
    const served = yield* hub
    const found = yield* readable(yield* settled(served, uri), uri, caller)
    const known = all.get(uri)
    if (known === undefined && all.size >= most) return yield* tooMany(most)
    const one = known ?? begin(uri, found)
    one.count++
    watching ??= fork(watch(served))
    yield* begun
    return once(() => leave(one))
  })

  const begin = (uri: string, found: Found): Followed => {
    const changed = Latch.makeUnsafe()
    const one: Followed = { uri, changed, count: 0, telling: fork(telling(changed, () => tell(uri))) }
    all.set(uri, one)
    follow(one, found)
    return one
  }

  const follow = (one: Followed, found: Found | undefined): void => {
    one.following?.interruptUnsafe()
    one.resource = found?.resource
    one.following = found === undefined ? undefined : fork(noting(found, one.changed))
  }

  /** Started again, it may have changed while nobody followed. */
  const refit = (one: Followed, found: Found | undefined): void => {
    if (found?.resource === one.resource) return
    follow(one, found)
    if (found !== undefined) one.changed.openUnsafe()
  }

  const watch = ({ catalogue, changes }: Catalogues): Effect.Effect<void> =>
    Stream.runForEach(changes, () =>
      Effect.flatMap(catalogue, (now) =>
        Effect.forEach(
          all.values(),
          (one) =>
            Effect.map(Effect.option(find(now, one.uri)), (found) =>
              refit(one, Option.getOrUndefined(found)),
            ),
          { discard: true },
        ),
      ),
    )

  const leave = (one: Followed): void => {
    if (--one.count > 0) return
    if (all.get(one.uri) === one) all.delete(one.uri)
    end(one)
  }

  const hold = (uri: string, caller: Caller): Held => {
    let isLeft = false
    let release = (): void => {}
    const adding = Effect.map(add(uri, caller), (made) => (isLeft ? made() : (release = made)))
    const { promise: settled, resolve } = Promise.withResolvers<void>()
    fork(Effect.ensuring(Effect.ignore(adding), Effect.sync(resolve)))
    const leave = () => {
      isLeft = true
      release()
    }
    return { settled, leave }
  }

  const close = (): void => {
    watching?.interruptUnsafe()
    for (const one of all.values()) end(one)
    all.clear()
  }

  return { add, hold, close }
}

const end = ({ following, telling }: Followed): void => {
  following?.interruptUnsafe()
  telling.interruptUnsafe()
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

/** How long a plugin that starts, as after a restart of the hub, may take to bring a resource that is not there yet. */
const longestStart = "5 seconds"

/** The catalogue, once the resource is in it or no plugin starts any more. */
const settled = Effect.fnUntraced(function* ({ catalogue, changes }: Catalogues, uri: string) {
  const isSettled = (now: Catalogue) =>
    Effect.map(
      Effect.option(find(now, uri)),
      (found) => Option.isSome(found) || now.plugins.every(({ state }) => state !== "starting"),
    )
  if (yield* isSettled(yield* catalogue)) return yield* catalogue
  const later = changes.pipe(
    Stream.mapEffect(() => catalogue),
    Stream.filterEffect(isSettled),
    Stream.runHead,
  )
  yield* Effect.timeoutOption(later, longestStart)
  return yield* catalogue
})

const readable = Effect.fnUntraced(function* (catalogue: Catalogue, uri: string, caller: Caller) {
  const found = yield* find(catalogue, uri)
  yield* Effect.mapError(read(found, uri, caller, silent), toProtocol)
  return found
})

/** Who takes its source up in a fiber of its own, as a plugin in another process does, has done so by then. */
const begun = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

const noting = ({ resource: { changes }, variables }: Found, changed: Latch.Latch): Effect.Effect<void> =>
  changes === undefined ? Effect.void : Stream.runForEach(changes(variables), () => changed.open)

const telling = (changed: Latch.Latch, tell: () => unknown): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      yield* changed.await
      yield* changed.close
      yield* Effect.ignore(Effect.tryPromise(async () => tell()))
      yield* Effect.sleep(pause)
    }),
  )
