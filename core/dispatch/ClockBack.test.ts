/** The machine's clock is set back while runs go on. */
import { expect } from "bun:test"
import * as fs from "node:fs"
import { Clock, Duration, Effect, Layer } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { live, tempHome } from "../testing/effect.ts"
import { rooms, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"
import { Store } from "./Store.ts"

const caller: Caller = { door: "cli", client: "test" }

/** The real clock, set back by as much as `by.ms` says. */
const shifted = (by: { ms: number }, real: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() - by.ms,
  currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now - by.ms),
  currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe() - BigInt(by.ms) * 1_000_000n,
  currentTimeNanos: Effect.map(real.currentTimeNanos, (now) => now - BigInt(by.ms) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: real.monotonicTimeNanos,
  sleep: (duration) => real.sleep(duration),
})

live(
  "a clock that jumps back loses no run, turns no order around and gives no negative time",
  Layer.empty,
  Effect.gen(function* () {
    const path = yield* tempHome
    const by = { ms: 0 }
    const clock = shifted(by, yield* Clock.Clock)
    const agents = [
      shell("slow", `while [ ! -e ${path}/go ]; do sleep 0.02; done; echo done`),
      shell("quick", "echo quick"),
    ]
    const body = Effect.gen(function* () {
      const dispatch = yield* Dispatch
      const store = yield* Store
      const events = yield* Events
      const ask = (agent: string) => dispatch.accept({ prompt: "x", cwd: path, agent }, caller)
      const slow = yield* ask("slow")
      by.ms = 3_600_000
      const quick = yield* ask("quick")
      const second = yield* dispatch.check(quick.run_id, Duration.seconds(20))
      yield* Effect.sync(() => fs.writeFileSync(`${path}/go`, ""))
      const first = yield* dispatch.check(slow.run_id, Duration.seconds(20))
      for (const view of [first, second]) {
        expect(view.state).toBe("succeeded")
        expect(view.duration_ms).toBeGreaterThanOrEqual(0)
        expect(Date.parse(view.ended_at ?? "")).toBeGreaterThanOrEqual(Date.parse(view.accepted_at))
        for (const attempt of view.attempts) expect(attempt.duration_ms).toBeGreaterThanOrEqual(0)
        const times = (yield* events.read(view.run_id, 0, 1000)).map(({ at }) => at)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
      }
      expect((yield* store.list({ limit: 10 })).map(({ run_id }) => run_id)).toEqual([
        quick.run_id,
        slow.run_id,
      ])
    })
    yield* Effect.provideService(
      Effect.scoped(Effect.provide(body, rooms(path, { agents }), { local: true })),
      Clock.Clock,
      clock,
    )
  }),
)
