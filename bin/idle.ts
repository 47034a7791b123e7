/** When a hub that was started without being asked for ends again: once nobody has needed it for long enough. */
import { Clock, Duration, Effect, Ref } from "effect"

export interface Need {
  /** Somebody needs it now. */
  readonly now: Effect.Effect<boolean>
  /** When somebody was there last, in milliseconds since the epoch. */
  readonly last: Effect.Effect<number>
}

export interface Idle {
  /** Milliseconds until the end, if nobody comes. */
  readonly left: Effect.Effect<number>
  /** Returns once nobody has needed it for the whole limit. Sleeps meanwhile: a hub at rest costs nothing. */
  readonly ended: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (
  limit: Duration.Duration,
  need: Need,
): Effect.fn.Return<Idle> {
  const seen = yield* Ref.make(yield* Clock.currentTimeMillis)
  const left = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (yield* need.now) yield* Ref.set(seen, now)
    const last = Math.max(yield* need.last, yield* Ref.get(seen))
    return Math.max(0, last + Duration.toMillis(limit) - now)
  })
  const rest: Effect.Effect<void> = Effect.flatMap(left, (ms) =>
    ms === 0 ? Effect.void : Effect.andThen(Effect.sleep(ms), rest),
  )
  return { left, ended: Effect.suspend(() => rest) }
})
