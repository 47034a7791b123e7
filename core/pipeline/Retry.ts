/** Whether a failed step is tried again, and after which pause. Pure: the interpreter records what it says. */
import { Duration } from "effect"
import type { FailureFacts } from "../plugin/Failure.ts"
import { allows, retried } from "./Classes.ts"
import type { Retry } from "./Plan.ts"

export interface Pause {
  readonly pause_ms: number
  /** One sentence. */
  readonly because: string
}

/**
 * The pause before the next attempt, or `undefined` when the failure stands.
 *
 * `failed` counts the attempts so far, from 1. `random` is 0 to 1. A vendor's wait is taken as it is when it is
 * at most `max`; above it the failure stands at once, so that a fallback moves on instead of sleeping.
 */
export const next = (
  retry: Retry,
  failure: FailureFacts,
  failed: number,
  now: number,
  random: number,
): Pause | undefined => {
  if (!repeats(retry, failure, failed)) return undefined
  const max = Duration.toMillis(retry.max)
  const asked = vendorWait(failure, now)
  if (asked !== undefined) return asked > max ? undefined : { pause_ms: asked, because: asks(failure) }
  const full = Math.min(Duration.toMillis(retry.base) * 2 ** (failed - 1), max)
  const pause_ms = Math.round(full * (1 - retry.jitter * random))
  return { pause_ms, because: `${failure.class}: attempt ${failed} of ${retry.times + 1} failed` }
}

/** Whether the class, and the attempts that are left, allow another one. */
export const repeats = (retry: Retry, failure: FailureFacts, failed: number): boolean =>
  failed <= retry.times && allows(retried, retry.on, failure.class)

/** The vendor's own wait in milliseconds, if it named one. */
const vendorWait = (failure: FailureFacts, now: number): number | undefined => {
  if (failure.retry_after_ms !== undefined) return Math.max(0, failure.retry_after_ms)
  return failure.resets_at === undefined ? undefined : Math.max(0, failure.resets_at - now)
}

const asks = (failure: FailureFacts) =>
  failure.retry_after_ms === undefined
    ? `${failure.class}: the vendor said when it resets`
    : `${failure.class}: the vendor asked for this wait`
