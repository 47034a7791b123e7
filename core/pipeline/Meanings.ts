/** What each failure class says, for the reference. */
import type { FailureClass } from "../plugin/Failure.ts"

export const meanings: Readonly<Record<FailureClass, string>> = {
  rate_limited: "a burst limit of the vendor",
  quota_exhausted: "the account's window is used up",
  overloaded: "the vendor is overloaded",
  network: "no connection, TLS, DNS or a 5xx answer",
  auth: "not logged in, or the key was refused",
  model_unavailable: "the model is unknown or not allowed",
  context_too_long: "the prompt and its context do not fit",
  refused: "the vendor's policy refuses the work",
  missing_program: "the program is not on PATH or not executable",
  adapter_mismatch: "the agent rejected our flags, or its stream is not the one we know",
  crashed: "ended badly without a better reason",
  timed_out: "the attempt took longer than `timeout`",
  stalled: "no output for as long as `stall`",
  bad_output: "the answer does not meet `output_schema`, after one repair turn",
  verification_failed: "a verify step says no",
  interrupted: "the hub stopped and the attempt could not be adopted",
  cancelled: "a person cancelled it",
  denied: "a person denied it",
}
