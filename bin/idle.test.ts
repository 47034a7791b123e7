import { expect } from "bun:test"
import { Clock, Duration, Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../core/testing/effect.ts"
import { make } from "./idle.ts"

const started = Effect.gen(function* () {
  const isNeeded = yield* Ref.make(false)
  const last = yield* Ref.make(0)
  const idle = yield* make(Duration.minutes(15), { now: Ref.get(isNeeded), last: Ref.get(last) })
  const fiber = yield* Effect.forkChild(idle.ended)
  const hasEnded = Effect.sync(() => fiber.pollUnsafe() !== undefined)
  const leave = Effect.gen(function* () {
    yield* Ref.set(last, yield* Clock.currentTimeMillis)
    yield* Ref.set(isNeeded, false)
  })
  return { fiber, hasEnded, idle, isNeeded, leave }
})

effect(
  "ends when nobody ever comes",
  Effect.gen(function* () {
    const { fiber, hasEnded, idle } = yield* started
    yield* TestClock.adjust("14 minutes")
    expect(yield* idle.left).toBe(60_000)
    expect(yield* hasEnded).toBe(false)
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
  }),
)

effect(
  "counts from when the last one left, also between two looks",
  Effect.gen(function* () {
    const { fiber, hasEnded, isNeeded, leave } = yield* started
    yield* TestClock.adjust("5 minutes")
    yield* Ref.set(isNeeded, true)
    yield* TestClock.adjust("5 minutes")
    yield* leave
    yield* TestClock.adjust("14 minutes")
    expect(yield* hasEnded).toBe(false)
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
  }),
)

effect(
  "stays while somebody needs it",
  Effect.gen(function* () {
    const { hasEnded, idle, isNeeded } = yield* started
    yield* Ref.set(isNeeded, true)
    yield* TestClock.adjust("10 hours")
    expect(yield* hasEnded).toBe(false)
    expect(yield* idle.left).toBe(900_000)
  }),
)
