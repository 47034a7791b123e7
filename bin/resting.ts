/** A hub that has come to rest gives back the memory that it has worked with. */
import { Effect } from "effect"

export interface Process {
  /** Milliseconds of a core that it has used so far. */
  readonly used: Effect.Effect<number>
  /** What comes next is slower at first: compiled code goes too. */
  readonly giveBack: Effect.Effect<void>
}

const pause = "10 seconds"

/** Milliseconds of a core. Within a pause, less than this is rest; after work of that much there is something to give back. */
const rest = 50
const work = 1_000

/** Never returns. Its start counts as work, however little it took. */
export const givesBack = ({ giveBack, used }: Process): Effect.Effect<never> => {
  const look = (before: number, worked: number): Effect.Effect<never> =>
    Effect.gen(function* () {
      yield* Effect.sleep(pause)
      const now = yield* used
      if (now - before >= rest) return yield* look(now, worked + now - before)
      if (worked >= work) yield* giveBack
      return yield* look(now, 0)
    })
  return Effect.flatMap(used, (now) => look(now, work))
}

const shrink = Effect.sync(() => Bun.shrink())

export const thisProcess: Process = {
  used: Effect.sync(() => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1000
  }),
  // The second time returns what the first has let go: two megabytes more of the ten.
  giveBack: Effect.andThen(shrink, Effect.andThen(Effect.sleep("1 second"), shrink)),
}
