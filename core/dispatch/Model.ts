/** A run as it is stored and shown. The same shapes leave through every door. */
import { Schema } from "effect"
import { PermissionQuestion } from "../plugin/Agent.ts"
import { FailureFacts } from "../plugin/Failure.ts"
import { RunState } from "../services/Runs.ts"

export const AttemptState = Schema.Literals(["running", "succeeded", "failed", "cancelled", "timed_out"])
export type AttemptState = typeof AttemptState.Type

/** One start of one agent or command inside a run. */
export const AttemptView = Schema.Struct({
  /** 1, 2, 3 … inside the run. */
  attempt: Schema.Int,
  step: Schema.String,
  /** Absent for a command. */
  agent: Schema.optionalKey(Schema.String),
  model: Schema.optionalKey(Schema.String),
  state: AttemptState,
  failure: Schema.optionalKey(FailureFacts),
  /** ISO 8601, UTC. */
  started_at: Schema.String,
  /** Until now while it runs. */
  duration_ms: Schema.Number,
  exit_code: Schema.optionalKey(Schema.Int),
  session_id: Schema.optionalKey(Schema.String),
  usage: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
})
export type AttemptView = typeof AttemptView.Type

/** Where the whole of a long answer stands. */
export const AnswerReference = Schema.Struct({
  /** Below `$HUB_HOME`. */
  file: Schema.String,
  bytes: Schema.Number,
})

/** What a run waits for: a form as `Talk.Question` has it, and the same as data. */
export const OpenQuestion = Schema.Struct({
  kind: Schema.Literal("form"),
  message: Schema.String,
  /** JSON Schema of the reply. */
  schema: Schema.Record(Schema.String, Schema.Unknown),
  ...PermissionQuestion.fields,
  agent: Schema.String,
  step: Schema.String,
  attempt: Schema.Int,
  /** ISO 8601, UTC: denied when nobody has answered until then. */
  expires_at: Schema.String,
})
export type OpenQuestion = typeof OpenQuestion.Type

/** What `dispatch --wait --json`, `check_dispatch` and `hub runs show --json` give. */
export const RunView = Schema.Struct({
  run_id: Schema.String,
  state: RunState,
  pipeline: Schema.String,
  project: Schema.optionalKey(Schema.String),
  cwd: Schema.String,
  /** The first 200 characters. */
  prompt: Schema.String,
  /** At most 64 KB: the tail; the whole is at `answer_ref` then. */
  answer: Schema.optionalKey(Schema.String),
  answer_data: Schema.optionalKey(Schema.Unknown),
  answer_ref: Schema.optionalKey(AnswerReference),
  /** The step that gave the answer. */
  answered_by: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(FailureFacts),
  attempts: Schema.Array(AttemptView),
  /** While it is `waiting`: by id, for the operation `answer`. */
  questions: Schema.optionalKey(Schema.Record(Schema.String, OpenQuestion)),
  /** ISO 8601, UTC. */
  accepted_at: Schema.String,
  ended_at: Schema.optionalKey(Schema.String),
  /** From acceptance to the end, or until now. */
  duration_ms: Schema.Number,
  /** The number of the newest event: a cursor for `run_events`. */
  last_seq: Schema.Int,
})
export type RunView = typeof RunView.Type
