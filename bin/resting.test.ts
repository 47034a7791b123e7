import { expect } from "bun:test"
import { Effect, Ref } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../core/testing/api.ts"
import { givesBack } from "./resting.ts"

/** Goes through the seconds, in each of which the process uses so much of a core; gives how often memory was given back. */
const times = (seconds: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const used = yield* Ref.make(100)
    const given = yield* Ref.make(0)
    yield* Effect.forkChild(
      givesBack({ used: Ref.get(used), giveBack: Ref.update(given, (times) => times + 1) }),
    )
    for (const milliseconds of seconds) {
      yield* Ref.update(used, (before) => before + milliseconds)
      yield* TestClock.adjust("1 second")
    }
    return yield* Ref.get(given)
  })

const lasting = (seconds: number, milliseconds: number): ReadonlyArray<number> =>
  Array.from({ length: seconds }, () => milliseconds)

effect(
  "memory is given back once after the start, however long the hub then rests",
  Effect.gen(function* () {
    expect(yield* times(lasting(600, 2))).toBe(1)
  }),
)

effect(
  "a hub at work keeps its memory until it rests again",
  Effect.gen(function* () {
    const rested = lasting(20, 2)
    const working = lasting(300, 100)
    expect(yield* times([...rested, ...working])).toBe(1)
    expect(yield* times([...rested, ...working, ...rested])).toBe(2)
  }),
)

effect(
  "a little work between rests is not worth it",
  Effect.gen(function* () {
    const little = [...lasting(19, 2), 300]
    expect(yield* times(Array.from({ length: 30 }, () => little).flat())).toBe(1)
  }),
)
