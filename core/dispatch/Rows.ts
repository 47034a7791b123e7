/** Runs and attempts as the database holds them, and what is written of them. */
import { Schema } from "effect"
import type { Answer, Permission } from "../plugin/Agent.ts"
import { FailureFacts } from "../plugin/Failure.ts"
import type { RunState } from "../services/Runs.ts"
import type { AttemptState } from "./Model.ts"

export interface RunRow {
  readonly n: number
  readonly run_id: string
  readonly state: RunState
  readonly project: string | null
  readonly cwd: string
  readonly pipeline: string
  readonly prompt: string
  readonly input: string
  readonly plan_hash: string
  readonly parent_run: string | null
  /** The most that its agents may do. Null: whatever the pipeline says. */
  readonly permission: Permission | null
  readonly client: string
  readonly accepted_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly answer: string | null
  readonly answer_data: string | null
  readonly answer_ref: string | null
  readonly answered_by: string | null
  readonly failure: string | null
  readonly cancel_requested: number
}

export interface AttemptRow {
  readonly run_id: string
  readonly attempt: number
  readonly step: string
  /** The execution point: unique in the run. */
  readonly path: string
  readonly kind: "agent" | "command"
  readonly agent: string | null
  readonly model: string | null
  /** Null: the agent's own default. */
  readonly permission: Permission | null
  readonly state: AttemptState
  readonly failure: string | null
  readonly started_at: number
  readonly ended_at: number | null
  readonly exit_code: number | null
  readonly session_id: string | null
  readonly usage: string | null
  readonly answer: string | null
}

export type NewRun = Pick<
  RunRow,
  | "run_id"
  | "project"
  | "cwd"
  | "pipeline"
  | "prompt"
  | "input"
  | "plan_hash"
  | "parent_run"
  | "permission"
  | "client"
  | "accepted_at"
>

export type NewAttempt = Pick<
  AttemptRow,
  "run_id" | "step" | "path" | "kind" | "agent" | "model" | "permission" | "started_at"
>

/** A call that may be repeated, by its key: what it asked for and the run that it became. */
export interface CallRow {
  readonly key: string
  /** Hash of the request. */
  readonly request: string
  readonly run_id: string
}

export type NewCall = Omit<CallRow, "run_id">

export interface RunEnd {
  readonly state: RunState
  readonly at: number
  readonly answer?: string | undefined
  readonly answer_data?: unknown
  readonly answer_ref?: { readonly file: string; readonly bytes: number } | undefined
  readonly answered_by?: string | undefined
  readonly failure?: FailureFacts | undefined
}

export interface AttemptEnd {
  readonly state: AttemptState
  readonly at: number
  readonly exit_code?: number | undefined
  readonly session_id?: string | undefined
  readonly usage?: Readonly<Record<string, number>> | undefined
  readonly answer?: Answer | undefined
  readonly failure?: FailureFacts | undefined
}

export interface ListFilter {
  readonly state?: RunState | undefined
  readonly project?: string | undefined
  /** Only runs accepted before this one. */
  readonly before?: string | undefined
  readonly limit: number
}

/** Facts of a failure as a row keeps them. */
export const failureOf = (text: string | null): FailureFacts | undefined =>
  text === null ? undefined : Schema.decodeUnknownSync(Schema.fromJsonString(FailureFacts))(text)
