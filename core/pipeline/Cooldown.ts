/** When an agent account is left alone, and for how long. Pure: who keeps the state decides where. */
import type { FailureFacts } from "../plugin/Failure.ts"
import type { Cooling } from "./World.ts"

/** What is remembered of one agent and model between attempts. */
export interface Strikes {
  /** Cooldowns since the last success: each makes the next pause longer. */
  readonly strikes: number
  /** `overloaded` in a row. */
  readonly overloaded: number
}

/** Before any failure, and after every success. */
export const none: Strikes = { strikes: 0, overloaded: 0 }

export interface Struck {
  readonly strikes: Strikes
  /** Absent: this failure starts no cooldown. */
  readonly cooling: Cooling | undefined
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The longest window a vendor is known to have is a month; anything later is a misread stamp. */
const LONGEST = 32 * 24 * HOUR
const IN_A_ROW = 3

/**
 * What one failed attempt does to its account. `now` in milliseconds since the epoch.
 *
 * `rate_limited`, `quota_exhausted` and the third `overloaded` in a row cool, until the vendor's own time when it
 * named one that lies ahead, else for 30 s doubling up to 1 h (quota: 15 min doubling up to 5 h).
 */
export const strike = (failure: FailureFacts, before: Strikes, now: number): Struck => {
  const overloaded = failure.class === "overloaded" ? before.overloaded + 1 : 0
  if (!cools(failure, overloaded)) return { strikes: { ...before, overloaded }, cooling: undefined }
  const until = named(failure, now) ?? now + growing(failure, before.strikes)
  return {
    strikes: { strikes: before.strikes + 1, overloaded },
    cooling: { until, class: failure.class, because: failure.message },
  }
}

const cools = (failure: FailureFacts, overloaded: number) =>
  failure.class === "rate_limited" || failure.class === "quota_exhausted" || overloaded >= IN_A_ROW

/** The vendor's own end of the wait. `undefined` when it named none, or one that has passed. */
const named = (failure: FailureFacts, now: number): number | undefined => {
  const after = failure.retry_after_ms === undefined ? undefined : now + failure.retry_after_ms
  const until =
    failure.class === "quota_exhausted" ? (failure.resets_at ?? after) : (after ?? failure.resets_at)
  return until === undefined || !(until > now) ? undefined : Math.min(until, now + LONGEST)
}

const growing = (failure: FailureFacts, strikes: number) =>
  failure.class === "quota_exhausted"
    ? Math.min(15 * MINUTE * 2 ** strikes, 5 * HOUR)
    : Math.min(30_000 * 2 ** strikes, HOUR)
