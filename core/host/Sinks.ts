/** Feeds every event to every sink, each in order and at its own pace. */
import { type Cause, Clock, Effect, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { type Catalogue, Registry, type SinkHandle } from "../plugin/Catalogue.ts"
import { Events, type RunEvent } from "../services/Events.ts"
import { ofPlugin } from "../services/Log.ts"

/** Events that wait for a slow sink; beyond that the oldest are lost, and it is told how many. */
export const BUFFER = 10_000

/** How long sinks may still take what waits for them when the hub ends. */
export const DRAIN = "2 seconds"

export const layer: Layer.Layer<never, never, Events | Registry> = Layer.effectDiscard(
  Effect.gen(function* () {
    const events = yield* Events
    const registry = yield* Registry
    const scope = yield* Effect.scope
    const feeds = new Map<SinkHandle, Feed>()
    const follow = (catalogue: Catalogue) =>
      Effect.gen(function* () {
        for (const [sink, feed] of feeds)
          if (!catalogue.sinks.includes(sink)) {
            feeds.delete(sink)
            yield* Fiber.interrupt(feed.fiber)
          }
        for (const sink of catalogue.sinks)
          if (!feeds.has(sink)) feeds.set(sink, yield* Effect.provideService(open(sink), Scope.Scope, scope))
      })
    yield* follow(yield* registry.current)
    yield* Effect.forkScoped(Stream.runForEach(registry.changes, follow))
    let seen = 0
    yield* Effect.forkScoped(
      Stream.runForEach(events.live, (event) =>
        Effect.sync(() => {
          seen += 1
          feeds.forEach((feed) => feed.offer(event))
        }),
      ),
      { startImmediately: true },
    )
    // Added last, so it runs while the fibers above are still at work.
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        settled(() => seen),
        Effect.forEach(feeds.values(), ({ drain }) => drain, { concurrency: "unbounded", discard: true }),
      ),
    )
  }),
)

/** Ends when the events that were told already have come in. */
const settled = (seen: () => number): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let before = -1; before !== seen();) {
      before = seen()
      // One turn to wake who waits for the news, one to take it, one to hand it on.
      for (let turn = 0; turn < 3; turn++) yield* Effect.yieldNow
    }
  })

interface Feed {
  readonly offer: (event: RunEvent) => void
  /** Takes nothing more, and waits for the sink to take what is there. */
  readonly drain: Effect.Effect<void>
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

const open = Effect.fnUntraced(function* (sink: SinkHandle) {
  const waiting = yield* Queue.unbounded<RunEvent, Cause.Done>()
  let held = 0
  let lost = 0
  const offer = (event: RunEvent) => {
    if (sink.types !== undefined && !sink.types.includes(event.type)) return
    if (held >= BUFFER) {
      Queue.takeUnsafe(waiting)
      lost += 1
    } else held += 1
    Queue.offerUnsafe(waiting, event)
  }
  const next = Effect.gen(function* () {
    const event = yield* Queue.take(waiting)
    held -= 1
    if (lost > 0) {
      const count = lost
      lost = 0
      yield* sink.receive({
        run_id: event.run_id,
        seq: event.seq,
        at: yield* Clock.currentTimeMillis,
        type: "events_lost",
        data: { count },
      })
    }
    yield* sink.receive(event)
  })
  const fiber = yield* Effect.forkScoped(Effect.forever(next))
  const drain = Queue.end(waiting).pipe(
    Effect.andThen(Fiber.await(fiber)),
    Effect.interruptible,
    Effect.timeoutOrElse({
      duration: DRAIN,
      orElse: () =>
        ofPlugin(sink.plugin)(
          Effect.logWarning(`sink ${sink.id} was too slow: ${held + 1} events are lost for it at the end`),
        ),
    }),
    Effect.asVoid,
  )
  return { offer, drain, fiber } satisfies Feed
})
