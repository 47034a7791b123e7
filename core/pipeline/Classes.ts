/** What a failure class means for `retry` and `fallback` when the step does not say otherwise. */
import type { FailureClass } from "../plugin/Failure.ts"

/**
 * `never` also overrules an explicit `on`: doing the same again cannot help, or a person decided. `no` and `yes` are defaults.
 * A record over the whole union: a new class does not compile until it is decided here.
 */
type Table = Readonly<Record<FailureClass, "yes" | "no" | "never">>

/** Whether a step's `retry` without an `on` repeats it. */
export const retried: Table = {
  rate_limited: "yes",
  quota_exhausted: "never",
  overloaded: "yes",
  network: "yes",
  auth: "never",
  model_unavailable: "never",
  context_too_long: "never",
  refused: "never",
  missing_program: "never",
  adapter_mismatch: "never",
  crashed: "no",
  timed_out: "no",
  stalled: "no",
  bad_output: "never",
  verification_failed: "no",
  interrupted: "no",
  cancelled: "never",
  denied: "never",
}

/** Whether a `fallback` without an `on` tries the next candidate. */
export const moves_on: Table = {
  rate_limited: "yes",
  quota_exhausted: "yes",
  overloaded: "yes",
  network: "yes",
  auth: "yes",
  model_unavailable: "yes",
  context_too_long: "yes",
  refused: "no",
  missing_program: "yes",
  adapter_mismatch: "yes",
  crashed: "yes",
  timed_out: "no",
  stalled: "no",
  bad_output: "yes",
  verification_failed: "no",
  interrupted: "no",
  cancelled: "never",
  denied: "never",
}

/** Does the table, or the step's own `on` in its place, say yes? */
export const allows = (
  table: Table,
  on: ReadonlySet<FailureClass> | undefined,
  class_: FailureClass,
): boolean => {
  if (table[class_] === "never") return false
  return on === undefined ? table[class_] === "yes" : on.has(class_)
}
