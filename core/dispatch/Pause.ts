/** Time that an attempt spends waiting for a person: none of its limits counts it. */
import { Clock, Duration, Effect, Stream, SubscriptionRef } from "effect"

/** How many waits are under way, since when, and how long the ones before took, in milliseconds. */
interface Waits {
  readonly open: number
  readonly since: number
  readonly spent: number
}

const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

export const make = Effect.gen(function* () {
  const waits = yield* SubscriptionRef.make<Waits>({ open: 0, since: 0, spent: 0 })

  const enter = Effect.flatMap(now, (at) =>
    SubscriptionRef.update(waits, ({ open, since, spent }) => ({
      open: open + 1,
      since: open === 0 ? at : since,
      spent,
    })),
  )
  const leave = Effect.flatMap(now, (at) =>
    SubscriptionRef.update(waits, ({ open, since, spent }) => ({
      open: open - 1,
      since,
      spent: open === 1 ? spent + at - since : spent,
    })),
  )
  /** Once nobody is waited for. */
  const settled = SubscriptionRef.changes(waits).pipe(
    Stream.filter(({ open }) => open === 0),
    Stream.runHead,
  )

  return {
    during: <A, E, R>(wait: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.acquireUseRelease(
        enter,
        () => wait,
        () => leave,
      ),

    isOn: Effect.map(SubscriptionRef.get(waits), ({ open }) => open > 0),

    /** Returns when so much time has passed beside the waiting. */
    elapsed: Effect.fnUntraced(function* (limit: Duration.Duration) {
      let counted = 0
      for (let left = Duration.toMillis(limit); left > 0;) {
        yield* Effect.sleep(left)
        yield* settled
        const { spent } = yield* SubscriptionRef.get(waits)
        left = spent - counted
        counted = spent
      }
    }),
  }
})
