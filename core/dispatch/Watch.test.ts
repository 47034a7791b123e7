import { expect } from "bun:test"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../testing/effect.ts"
import * as Watch from "./Watch.ts"

/** A watch over an attempt whose output and machine's clock the test sets. */
const watched = Effect.gen(function* () {
  const real = yield* Clock.Clock
  const set = { by: 0 }
  const clock: Clock.Clock = {
    ...real,
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + set.by,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + set.by),
  }
  const attempt = { output: clock.currentTimeMillisUnsafe() }
  const silence = Watch.silence({ last_output_at: Effect.sync(() => attempt.output) }, Duration.minutes(10))
  const fiber = yield* Effect.forkChild(Effect.provideService(silence, Clock.Clock, clock))
  const writes = Effect.sync(() => (attempt.output = clock.currentTimeMillisUnsafe()))
  const ended = Effect.sync(() => fiber.pollUnsafe() !== undefined)
  return { set, writes, ended, fiber }
})

effect(
  "an attempt stalls one limit after its last output, and not before",
  Effect.gen(function* () {
    const { ended, fiber, writes } = yield* watched
    yield* TestClock.adjust("9 minutes")
    yield* writes
    yield* TestClock.adjust("599 seconds")
    expect(yield* ended).toBe(false)
    yield* TestClock.adjust("1 second")
    expect((yield* Fiber.join(fiber)).facts).toMatchObject({
      class: "stalled",
      message: "No output for 10m.",
    })
  }),
)

for (const [way, by] of [
  ["forward", 3_600_000],
  ["back", -3_600_000],
] as const) {
  effect(
    `a clock that jumps ${way} stalls no attempt that writes`,
    Effect.gen(function* () {
      const { ended, fiber, set, writes } = yield* watched
      for (let minute = 0; minute < 40; minute++) {
        yield* TestClock.adjust("1 minute")
        if (minute % 9 === 8) yield* writes
        // Between the output and the look at it, and before both.
        if (minute === 17 || minute === 30) set.by += by
        expect(yield* ended).toBe(false)
      }
      yield* TestClock.adjust("20 minutes")
      expect((yield* Fiber.join(fiber)).facts.class).toBe("stalled")
    }),
  )

  effect(
    `a clock that jumps ${way} while nothing is written moves the limit neither nearer nor further`,
    Effect.gen(function* () {
      const { ended, set } = yield* watched
      yield* TestClock.adjust("5 minutes")
      set.by += by
      yield* TestClock.adjust("299 seconds")
      expect(yield* ended).toBe(false)
      yield* TestClock.adjust("1 second")
      expect(yield* ended).toBe(true)
    }),
  )
}
