/** How an attempt ended: an answer or a failure, and what else is known of it. */
import type { Answer } from "../plugin/Agent.ts"
import type { Failure } from "../plugin/Failure.ts"
import * as Failures from "../plugin/Failure.ts"
import type { StartError } from "../services/Supervisor.ts"
import type { AttemptState } from "./Model.ts"

export interface Outcome {
  readonly result: { readonly answer: Answer } | { readonly failure: Failure }
  readonly exit_code?: number | undefined
}

export const answered = (answer: Answer, exit_code?: number): Outcome => ({ result: { answer }, exit_code })
export const failed = (failure: Failure, exit_code?: number): Outcome => ({ result: { failure }, exit_code })

export const stateOf = ({ result }: Outcome): AttemptState => {
  if ("answer" in result) return "succeeded"
  if (result.failure.class === "timed_out") return "timed_out"
  return result.failure.class === "cancelled" ? "cancelled" : "failed"
}

/** Why a program did not even start, as a failure of the attempt. */
export const notStarted = (error: StartError): Failure =>
  error._tag === "ProgramMissing"
    ? Failures.of("missing_program", error.message)
    : Failures.of("crashed", error.message)
