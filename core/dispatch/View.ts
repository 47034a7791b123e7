/** Rows as a person and a client see them. */
import { Clock, DateTime, Effect } from "effect"
import { Asking } from "./Asking.ts"
import type { AttemptView, RunView } from "./Model.ts"
import { present } from "./Present.ts"
import { type AttemptRow, failureOf, type RunRow } from "./Rows.ts"
import { Store } from "./Store.ts"

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

const attempt = (row: AttemptRow, now: number): AttemptView => ({
  attempt: row.attempt,
  step: row.step,
  state: row.state,
  started_at: iso(row.started_at),
  duration_ms: Math.max(0, (row.ended_at ?? now) - row.started_at),
  ...present({
    agent: row.agent,
    model: row.model,
    failure: failureOf(row.failure),
    exit_code: row.exit_code,
    session_id: row.session_id,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as Record<string, number>),
  }),
})

const view = (
  row: RunRow,
  attempts: ReadonlyArray<AttemptRow>,
  questions: RunView["questions"],
  last_seq: number,
  now: number,
): RunView => ({
  run_id: row.run_id,
  state: row.state,
  pipeline: row.pipeline,
  cwd: row.cwd,
  prompt: row.prompt.slice(0, 200),
  attempts: attempts.map((one) => attempt(one, now)),
  accepted_at: iso(row.accepted_at),
  duration_ms: Math.max(0, (row.ended_at ?? now) - row.accepted_at),
  last_seq,
  ...present({
    questions,
    project: row.project,
    answer: row.answer,
    answer_data: row.answer_data === null ? null : (JSON.parse(row.answer_data) as unknown),
    answer_ref:
      row.answer_ref === null ? null : (JSON.parse(row.answer_ref) as { file: string; bytes: number }),
    answered_by: row.answered_by,
    failure: failureOf(row.failure),
    ended_at: row.ended_at === null ? null : iso(row.ended_at),
  }),
})

/** A run with its attempts, and what it asks. */
export const one = Effect.fnUntraced(function* (row: RunRow) {
  const store = yield* Store
  const asking = yield* Asking
  const attempts = yield* store.attempts(row.run_id)
  const questions = row.state === "waiting" ? yield* asking.open(row.run_id) : undefined
  return view(row, attempts, questions, yield* store.lastSeq(row.run_id), yield* Clock.currentTimeMillis)
})
