import { expect, test } from "bun:test"
import type { FailureFacts } from "../plugin/Failure.ts"
import * as Cooldown from "./Cooldown.ts"

const MINUTE = 60_000
const now = 1_000_000_000_000

const failure = (class_: FailureFacts["class"], more: Partial<FailureFacts> = {}): FailureFacts => ({
  class: class_,
  message: `${class_}!`,
  ...more,
})

/** The waits, in minutes, of the same failure again and again. */
const waits = (facts: FailureFacts, times: number) => {
  const found: Array<number | undefined> = []
  let strikes = Cooldown.none
  for (let n = 0; n < times; n++) {
    const struck = Cooldown.strike(facts, strikes, now)
    found.push(struck.cooling && (struck.cooling.until - now) / MINUTE)
    strikes = struck.strikes
  }
  return found
}

test("a rate limit without a time cools for half a minute, then twice as long each time, up to an hour", () => {
  expect(waits(failure("rate_limited"), 9)).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60])
})

test("a spent quota without a time cools for 15 minutes, then twice as long each time, up to 5 hours", () => {
  expect(waits(failure("quota_exhausted"), 6)).toEqual([15, 30, 60, 120, 240, 300])
})

test("the vendor's own time wins", () => {
  expect(waits(failure("rate_limited", { retry_after_ms: 7 * MINUTE }), 2)).toEqual([7, 7])
  expect(waits(failure("quota_exhausted", { resets_at: now + 90 * MINUTE, retry_after_ms: 1 }), 1)).toEqual([
    90,
  ])
})

test("a time that has passed is none, and one beyond any window is cut", () => {
  expect(waits(failure("quota_exhausted", { resets_at: now / 1_000 }), 1)).toEqual([15])
  expect(waits(failure("quota_exhausted", { resets_at: now * 1_000 }), 1)).toEqual([32 * 24 * 60])
})

test("overloaded cools from the third in a row", () => {
  expect(waits(failure("overloaded"), 4)).toEqual([undefined, undefined, 0.5, 1])
})

test("another failure breaks a row of overloaded, and only a success forgets the cooldowns", () => {
  const twice = { strikes: 2, overloaded: 2 }
  expect(Cooldown.strike(failure("crashed"), twice, now)).toEqual({
    strikes: { strikes: 2, overloaded: 0 },
    cooling: undefined,
  })
})

test("a cooldown says what started it", () => {
  expect(Cooldown.strike(failure("rate_limited"), Cooldown.none, now).cooling).toEqual({
    until: now + MINUTE / 2,
    class: "rate_limited",
    because: "rate_limited!",
  })
})
