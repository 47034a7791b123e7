/** Resources that a client wants to hear of, followed for as long as somebody does. */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server"
import { Effect, type Fiber, Option, Stream } from "effect"
import { type Catalogue, startingOf } from "../../plugin/Catalogue.ts"
import type { Caller } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { Followed } from "./Followed.ts"
import { find, read } from "./Readings.ts"
import { type Fork, toProtocol } from "./Settle.ts"
import type { Served } from "./Watch.ts"

/** Resources that one connection may follow. */
export const mostFollowed = 1_000

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
    const one = known ?? new Followed(found, fork, () => tell(uri))
    all.set(uri, one)
    one.count++
    watching ??= fork(watch(served))
    const left = once(() => leave(uri, one))
    // Who cancels the request has nobody else to leave it.
    yield* Effect.onInterrupt(begun, () => Effect.sync(left))
    return left
  })

  const watch = ({ catalogue, changes }: Catalogues): Effect.Effect<void> =>
    Stream.runForEach(changes, () => Effect.flatMap(catalogue, refit))

  const refit = (now: Catalogue) =>
    Effect.forEach(
      all,
      ([uri, one]) =>
        Effect.map(Effect.option(find(now, uri)), (found) => one.take(Option.getOrUndefined(found))),
      { discard: true },
    )

  const leave = (uri: string, one: Followed): void => {
    if (--one.count > 0) return
    if (all.get(uri) === one) all.delete(uri)
    one.end()
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
    for (const one of all.values()) one.end()
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

/** How long a plugin that starts, as after a restart of the hub, may take to bring a resource that is not there yet. */
const longestStart = "5 seconds"

/** The catalogue, once the resource is in it or no plugin starts any more. */
const settled = Effect.fnUntraced(function* ({ catalogue, changes }: Catalogues, uri: string) {
  const isSettled = (now: Catalogue) =>
    Effect.map(Effect.option(find(now, uri)), (found) => Option.isSome(found) || startingOf(now).length === 0)
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
