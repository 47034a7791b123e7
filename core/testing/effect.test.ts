import { expect } from "bun:test"
import * as fs from "node:fs"
import { Clock, Context, Deferred, Effect, Fiber, Layer, Ref, Scope } from "effect"
import { TestClock } from "effect/testing"
import { effect, live, tempHome } from "./effect.ts"

effect(
  "time passes only when the test says so",
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.as(Effect.sleep("30 minutes"), "woke"))
    yield* TestClock.adjust("30 minutes")
    expect(yield* Fiber.join(fiber)).toBe("woke")
    expect(yield* Clock.currentTimeMillis).toBe(30 * 60 * 1000)
  }),
)

class Counter extends Context.Service<Counter, Ref.Ref<number>>()("hub/testing/effect.test/Counter") {}
const counter = Layer.effect(Counter, Ref.make(0))

for (const turn of ["first", "second"]) {
  live(
    `the ${turn} test gets a layer of its own, and the real clock`,
    counter,
    Effect.gen(function* () {
      expect(yield* Ref.updateAndGet(yield* Counter, (n) => n + 1)).toBe(1)
      expect(yield* Clock.currentTimeMillis).toBeGreaterThan(Date.parse("2020-01-01"))
    }),
  )
}

effect(
  "a temporary home is private and goes with its scope",
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const home = yield* Scope.provide(tempHome, scope)
    fs.writeFileSync(`${home}/file`, "x")
    expect(fs.statSync(home).mode & 0o777).toBe(0o700)
    yield* Scope.close(scope, yield* Effect.exit(Effect.void))
    expect(fs.existsSync(home)).toBe(false)
  }),
)

effect(
  "a test may fork work that waits for an event",
  Effect.gen(function* () {
    const done = yield* Deferred.make<number>()
    yield* Effect.forkChild(Deferred.succeed(done, 7))
    expect(yield* Deferred.await(done)).toBe(7)
  }),
)
