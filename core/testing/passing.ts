/** Time that goes by, under the test clock, while real programs and files are waited for. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Everything that waits neither for time nor for another process has been done after it. */
export const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** Lets five seconds pass again and again, until the effect has ended. */
export const passing = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* turn
    yield* TestClock.adjust("5 seconds")
  }
  return yield* Fiber.join(fiber)
})
