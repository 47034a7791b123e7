import { expect } from "bun:test"
import { Deferred, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { empty, Registry, type SinkHandle } from "../plugin/Catalogue.ts"
import { Events, type RunEvent } from "../services/Events.ts"
import { effect } from "../testing/effect.ts"
import { BUFFER, layer } from "./Sinks.ts"

const event = (seq: number, type = "output"): RunEvent => ({ run_id: "r", seq, at: seq, type, data: {} })

/** A catalogue of these sinks, and a queue whose events are live. */
const around = (sinks: ReadonlyArray<SinkHandle>, live: Queue.Dequeue<RunEvent>) =>
  Layer.provide(
    layer,
    Layer.mergeAll(
      Layer.succeed(Registry, { current: Effect.succeed({ ...empty, sinks }), changes: Stream.never }),
      Layer.mock(Events, { live: Stream.fromQueue(live) }),
    ),
  )

const sink = (receive: SinkHandle["receive"], types?: ReadonlyArray<string>): SinkHandle => ({
  plugin: "p",
  id: "s",
  summary: "",
  types,
  receive,
})

effect(
  "a sink gets the events it asks for, in order",
  Effect.gen(function* () {
    const live = yield* Queue.unbounded<RunEvent>()
    const got = yield* Queue.unbounded<RunEvent>()
    yield* Layer.build(around([sink((event) => Effect.asVoid(Queue.offer(got, event)), ["wanted"])], live))
    yield* Queue.offerAll(live, [event(1, "wanted"), event(2, "other"), event(3, "wanted")])
    expect((yield* Queue.takeN(got, 2)).map(({ seq }) => seq)).toEqual([1, 3])
  }),
)

effect(
  "a slow sink loses the oldest and is told how many; a quick one beside it loses none",
  Effect.gen(function* () {
    const live = yield* Queue.unbounded<RunEvent>()
    const [slow, quick] = [yield* Queue.unbounded<RunEvent>(), yield* Queue.unbounded<RunEvent>()]
    const gate = yield* Deferred.make<void>()
    const entered = yield* Deferred.make<void>()
    const waits = sink((event) =>
      Deferred.succeed(entered, undefined).pipe(
        Effect.andThen(Deferred.await(gate)),
        Effect.andThen(Queue.offer(slow, event)),
      ),
    )
    yield* Layer.build(around([waits, sink((event) => Effect.asVoid(Queue.offer(quick, event)))], live))
    yield* Queue.offer(live, event(0))
    yield* Deferred.await(entered)
    // In two halves: a burst beyond the buffer would find the quick one asleep too.
    const total = BUFFER + 25
    let seq = 0
    for (const until of [BUFFER / 2, total]) {
      while (seq < until) yield* Queue.offer(live, event((seq += 1)))
      while ((yield* Queue.take(quick)).seq < until);
    }
    yield* Deferred.succeed(gate, undefined)
    const [first, lost, next] = yield* Queue.takeN(slow, 3)
    expect(first?.seq).toBe(0)
    expect(lost).toMatchObject({ type: "events_lost", data: { count: 25 } })
    expect(next?.seq).toBe(26)
  }),
)

/** A hub with this sink, that ends as soon as it was told of these events. */
const shortLived = (receive: SinkHandle["receive"], events: ReadonlyArray<RunEvent>) =>
  Effect.gen(function* () {
    const live = yield* Queue.unbounded<RunEvent>()
    const scope = yield* Scope.make()
    yield* Layer.buildWithScope(around([sink(receive)], live), scope)
    yield* Queue.offerAll(live, events)
    return yield* Effect.forkChild(Scope.close(scope, Exit.void))
  })

effect(
  "a hub that ends at once waits for a slow sink to take what is there",
  Effect.gen(function* () {
    const got: Array<number> = []
    const slowly = (event: RunEvent) =>
      Effect.andThen(
        Effect.sleep("200 millis"),
        Effect.sync(() => got.push(event.seq)),
      )
    const closing = yield* shortLived(slowly, [event(1), event(2), event(3)])
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(closing)
    expect(got).toEqual([1, 2, 3])
  }),
)

effect(
  "a sink that never ends holds up the end of the hub for two seconds at most",
  Effect.gen(function* () {
    const closing = yield* shortLived(() => Effect.never, [event(1), event(2)])
    let seconds = 0
    for (; closing.pollUnsafe() === undefined; seconds += 0.5) yield* TestClock.adjust("500 millis")
    // The clock may have moved on once before the wait began.
    expect([2, 2.5]).toContain(seconds)
  }),
)
