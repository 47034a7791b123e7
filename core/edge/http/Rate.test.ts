import { expect, test } from "bun:test"
import * as fc from "fast-check"
import * as Rate from "./Rate.ts"

/** Moments of calls, in milliseconds from 0, never going back. */
const moments = (longest: number) =>
  fc
    .array(fc.integer({ min: 0, max: longest }), { minLength: 1, maxLength: 300 })
    .map((pauses) =>
      pauses.reduce<ReadonlyArray<number>>((all, pause) => [...all, (all.at(-1) ?? 0) + pause], []),
    )

const limit = fc.integer({ min: 1, max: 200 })

test("in no stretch of time do more calls pass than one bucket and what flows into it", () => {
  fc.assert(
    fc.property(limit, moments(2_000), (callsPerMinute, at) => {
      const { take } = Rate.make(callsPerMinute)
      const passed = at.filter((now) => take("a", now) === 0)
      for (const [from, start] of passed.entries())
        for (const [to, end] of passed.entries())
          if (to >= from)
            expect(to - from + 1).toBeLessThanOrEqual(
              callsPerMinute + ((end - start) * callsPerMinute) / 60_000 + 1e-6,
            )
    }),
  )
})

test("who stays within the limit in every minute is never refused", () => {
  fc.assert(
    fc.property(limit, moments(5_000), (callsPerMinute, at) => {
      const { take } = Rate.make(callsPerMinute)
      const made: Array<number> = []
      for (const now of at) {
        if (made.filter((then) => then > now - 60_000).length >= callsPerMinute) continue
        made.push(now)
        expect(take("a", now)).toBe(0)
      }
    }),
  )
})

test("after the time it was told to wait a caller passes, and not a millisecond before", () => {
  fc.assert(
    fc.property(limit, fc.integer({ min: 0, max: 1e12 }), (callsPerMinute, now) => {
      const empty = () => {
        const { take } = Rate.make(callsPerMinute)
        for (let call = 0; call < callsPerMinute; call++) expect(take("a", now)).toBe(0)
        return take
      }
      const wait = empty()("a", now)
      expect(wait).toBe(Math.ceil(60_000 / callsPerMinute))
      expect(empty()("a", now + wait)).toBe(0)
      expect(empty()("a", now + wait - 1)).toBe(1)
    }),
  )
})

test("keys do not share a bucket, and a clock that goes back fills none", () => {
  const { take } = Rate.make(1)
  expect(take("a", 100_000)).toBe(0)
  expect(take("b", 100_000)).toBe(0)
  expect(take("a", 0)).toBe(60_000)
  expect(take("a", 30_000)).toBe(30_000)
})

test("of too many keys those used longest ago are forgotten", () => {
  const { take } = Rate.make(1, 2)
  for (const key of ["a", "b"]) expect(take(key, 0)).toBe(0)
  expect(take("a", 1)).toBeGreaterThan(0)
  expect(take("c", 1)).toBe(0)
  expect(take("a", 1)).toBeGreaterThan(0)
  expect(take("b", 1)).toBe(0)
})
