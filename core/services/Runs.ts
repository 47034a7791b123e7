/** Runs as a plugin may see and ask for them. */
import { Context, type Effect, Schema } from "effect"

export const RunState = Schema.Literals([
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
])
export type RunState = typeof RunState.Type

/** `true` for the states that a run does not leave. */
export const ended = (state: RunState): boolean =>
  state !== "queued" && state !== "running" && state !== "waiting"

/** A request to the hub: this prompt, there, by this pipeline or these agents. */
export interface DispatchRequest {
  readonly prompt: string
  /** A name from projects.toml. Without one, `cwd` says where. */
  readonly project?: string | undefined
  readonly cwd?: string | undefined
  readonly pipeline?: string | undefined
  readonly agent?: string | undefined
  readonly fallback?: ReadonlyArray<string> | undefined
  /** Of `agent`, and not of those after it. */
  readonly model?: string | undefined
  /** `restricted`, `ask`, `auto` or `bypass`; of all of them. */
  readonly permission?: string | undefined
  /** Of `agent` alone: `new`, `continue` (its last session in this folder), or a session's own id. */
  readonly session?: string | undefined
  /** Branches off that session, which stays as it was. */
  readonly fork?: boolean | undefined
  readonly input?: Readonly<Record<string, unknown>> | undefined
}

export interface RunSummary {
  readonly run_id: string
  readonly state: RunState
  readonly pipeline: string
  readonly project?: string | undefined
  readonly cwd: string
  /** The first 200 characters. */
  readonly prompt: string
  /** Milliseconds since the epoch. */
  readonly accepted_at: number
  readonly ended_at?: number | undefined
  readonly answer?: string | undefined
}

export class RunRefused extends Schema.TaggedError<RunRefused>()("RunRefused", {
  code: Schema.Literals(["invalid", "not_found", "conflict", "denied", "unavailable"]),
  message: Schema.String,
}) {}

export class Runs extends Context.Service<
  Runs,
  {
    readonly dispatch: (request: DispatchRequest) => Effect.Effect<{ readonly run_id: string }, RunRefused>
    readonly get: (run_id: string) => Effect.Effect<RunSummary, RunRefused>
    /** Newest first, at most 1,000. */
    readonly list: (limit?: number) => Effect.Effect<ReadonlyArray<RunSummary>, RunRefused>
    readonly cancel: (run_id: string) => Effect.Effect<void, RunRefused>
    /** Waits for the end. */
    readonly wait: (run_id: string) => Effect.Effect<RunSummary, RunRefused>
  }
>()("hub/services/Runs") {}
