/** Feeds every event to every sink, each in order and at its own pace. */
import { Clock, Effect, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { type Catalogue, Registry, type SinkHandle } from "../plugin/Catalogue.ts"
import { Events, type RunEvent } from "../services/Events.ts"

/** Events that wait for a slow sink; beyond that the oldest are lost, and it is told how many. */
export const BUFFER = 10_000

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
    yield* Effect.forkScoped(
      Stream.runForEach(events.live, (event) =>
        Effect.sync(() => feeds.forEach((feed) => feed.offer(event))),
      ),
    )
  }),
)

interface Feed {
  readonly offer: (event: RunEvent) => void
  readonly fiber: Fiber.Fiber<unknown>
}

const open = Effect.fnUntraced(function* (sink: SinkHandle) {
  const waiting = yield* Queue.unbounded<RunEvent>()
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
  return { offer, fiber: yield* Effect.forkScoped(Effect.forever(next)) } satisfies Feed
})
