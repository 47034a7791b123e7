/** Ended runs as they were recorded, read back for whoever asks why, or whether today would be the same. */
import { Effect } from "effect"
import type * as Failure from "../plugin/Failure.ts"
import type { RecordedAttempt, Recording } from "../pipeline/Replay.ts"
import { Events, type RunEvent } from "../services/Events.ts"
import * as Conclude from "./Conclude.ts"
import { type AttemptRow, failureOf, type RunRow } from "./Rows.ts"
import { Store } from "./Store.ts"

const page = 1000

/** All events of a run that say something about its routing: what agents said themselves is passed over. */
export const routing = Effect.fnUntraced(function* (events: Events["Service"], run_id: string) {
  const found: Array<RunEvent> = []
  let after = 0
  for (;;) {
    const more = yield* events.read(run_id, after, page)
    found.push(...more.filter(({ type }) => type !== "agent_message" && type !== "output"))
    after = more.at(-1)?.seq ?? after
    if (more.length < page) return found
  }
})

export const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const conclude = yield* Conclude.make

  const resultOf = (row: AttemptRow): Effect.Effect<RecordedAttempt["result"]> => {
    const wasEnded = row.state === "running" || failureOf(row.failure)?.class === "cancelled"
    if (wasEnded) return Effect.succeed(undefined)
    return Effect.catch(conclude.readBack(row), (failure: Failure.Failure) => Effect.succeed(failure.facts))
  }

  const attemptOf = (row: AttemptRow): Effect.Effect<RecordedAttempt> =>
    Effect.map(resultOf(row), (result) => ({
      step: row.step,
      agent: row.agent ?? undefined,
      result,
      exit_code: row.exit_code,
      duration_ms: Math.max(0, (row.ended_at ?? row.started_at) - row.started_at),
    }))

  return {
    /** `project`: its tags as they are today. */
    of: Effect.fnUntraced(function* (row: RunRow, project: Recording["run"]["project"]) {
      const { cwd, input, prompt, run_id } = row
      const rows = yield* store.attempts(run_id)
      return {
        run: { run_id, prompt, cwd, project, input: JSON.parse(input) as Record<string, unknown> },
        events: yield* routing(events, run_id),
        attempts: yield* Effect.forEach(rows, attemptOf),
      } satisfies Recording
    }),
  }
})
