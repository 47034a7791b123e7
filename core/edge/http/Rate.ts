/**
 * How often each key may call: a bucket of so many calls, filled again at so many a minute.
 *
 * Effect's `RateLimiter` does not fit here: its store in memory forgets no key, and it answers by an effect.
 */

export interface Rate {
  /** Takes a call. Gives the milliseconds to wait before the next try, 0 when it may go on now; a refused call costs nothing. */
  readonly take: (key: string, now: number) => number
}

/** In each millisecond so many parts flow in as calls are allowed in a minute: whole numbers, so that nothing is rounded. */
const parts_per_call = 60_000

interface Bucket {
  parts: number
  at: number
}

/** Whoever stays within `callsPerMinute` in every minute is never refused. Of `most` keys the one used last is forgotten last. */
export const make = (callsPerMinute: number, most = 10_000): Rate => {
  const full = callsPerMinute * parts_per_call
  const buckets = new Map<string, Bucket>()

  /** The bucket as it is now, as the newest one. */
  const use = (key: string, now: number): Bucket => {
    const found = buckets.get(key) ?? { parts: full, at: now }
    buckets.delete(key)
    buckets.set(key, found)
    if (buckets.size > most) buckets.delete(oldest(buckets))
    // A clock that was set back fills nothing.
    const passed = Math.max(0, now - found.at)
    found.parts = Math.min(full, found.parts + passed * callsPerMinute)
    found.at = now
    return found
  }

  return {
    take: (key, now) => {
      const bucket = use(key, now)
      const missing = parts_per_call - bucket.parts
      if (missing > 0) return Math.ceil(missing / callsPerMinute)
      bucket.parts -= parts_per_call
      return 0
    },
  }
}

const oldest = (buckets: ReadonlyMap<string, unknown>): string => {
  const [first = ""] = buckets.keys()
  return first
}
