import { expect, test } from "bun:test"
import { Duration } from "effect"
import type { FailureFacts } from "../plugin/Failure.ts"
import type { Retry as Policy } from "./Plan.ts"
import * as Retry from "./Retry.ts"

const policy: Policy = {
  times: 3,
  base: Duration.seconds(2),
  max: Duration.seconds(30),
  jitter: 0.5,
  on: undefined,
}
const overloaded: FailureFacts = { class: "overloaded", message: "busy" }

test("jitter takes its share off the pause, never more", () => {
  expect(Retry.next(policy, overloaded, 2, 0, 0)?.pause_ms).toBe(4_000)
  expect(Retry.next(policy, overloaded, 2, 0, 1)?.pause_ms).toBe(2_000)
})

test("after the last attempt the failure stands", () => {
  expect(Retry.next(policy, overloaded, 3, 0, 0)).toBeDefined()
  expect(Retry.next(policy, overloaded, 4, 0, 0)).toBeUndefined()
})

test("a reset within `max` is waited for, a later one is not", () => {
  const on = new Set(["rate_limited"] as const)
  const spent = (resets_at: number): FailureFacts => ({
    class: "rate_limited",
    message: "spent",
    resets_at,
  })
  expect(Retry.next({ ...policy, on }, spent(10_000), 1, 4_000, 0)?.pause_ms).toBe(6_000)
  expect(Retry.next({ ...policy, on }, spent(1_000), 1, 4_000, 0)?.pause_ms).toBe(0)
  expect(Retry.next({ ...policy, on }, spent(34_001), 1, 4_000, 0)).toBeUndefined()
})

test("what the table never repeats is not repeated for an `on` either", () => {
  const on = new Set(["quota_exhausted"] as const)
  const spent: FailureFacts = { class: "quota_exhausted", message: "spent", resets_at: 10_000 }
  expect(Retry.next({ ...policy, on }, spent, 1, 4_000, 0)).toBeUndefined()
})
