import { expect } from "bun:test"
import { Context, Deferred, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { OperationFailed } from "../plugin/Operation.ts"
import { Secrets } from "../services/Secrets.ts"
import { effect } from "../testing/effect.ts"
import { type Border, limits, operating } from "./Border.ts"
import { running } from "./Guard.ts"

const border: Border = {
  plugin: "acme",
  file: "/acme.ts",
  limits,
  services: Context.make(Secrets, { redact: (text: string) => text } as never) as never,
  broke: () => Effect.void,
}

const call = <A>(body: Effect.Effect<A, OperationFailed>) =>
  operating(border, "operation", () => body, Duration.minutes(5))

const mark = Effect.sync(() => running.getStore())

effect(
  "everything that a call does is marked as the plugin's, after a pause and in fibers of its own too",
  Effect.gen(function* () {
    const opened = yield* Deferred.make<void>()
    const marks = call(
      Effect.gen(function* () {
        const before = yield* mark
        const child = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, mark))
        const timer = yield* Effect.promise(async () => {
          await Bun.sleep(0)
          return running.getStore()
        })
        yield* Deferred.await(opened)
        return [before, yield* Fiber.join(child), timer, yield* mark]
      }),
    )
    const asked = yield* Effect.forkChild(marks, { startImmediately: true })
    yield* Deferred.succeed(opened, undefined)
    expect(yield* Fiber.join(asked)).toEqual(["acme", "acme", "acme", "acme"])
    expect(yield* mark).toBeUndefined()
  }),
)

effect(
  "a call that hangs is ended when its time is up",
  Effect.gen(function* () {
    const ended = yield* Deferred.make<void>()
    const hanging = Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
    const asked = yield* Effect.forkChild(Effect.flip(call(hanging)), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    expect(yield* Fiber.join(asked)).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("did not end within 5m"),
    })
    yield* Deferred.await(ended)
  }),
)

effect(
  "a call whose caller goes away ends before its caller does",
  Effect.gen(function* () {
    let isEnded = false
    const hanging = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (isEnded = true)))
    const asked = yield* Effect.forkChild(call(hanging), { startImmediately: true })
    yield* Fiber.interrupt(asked)
    expect(isEnded).toBe(true)
  }),
)

effect(
  "a call that ends without a pause gives what it gives, and a bug in it is `internal`",
  Effect.gen(function* () {
    expect(yield* call(Effect.succeed(1))).toBe(1)
    expect(yield* Effect.flip(call(Effect.die(new Error("bug"))))).toMatchObject({
      code: "internal",
      message: expect.stringContaining("bug"),
    })
  }),
)
