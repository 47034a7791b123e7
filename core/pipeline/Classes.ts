/** What each failure class means to a pipeline, and what happens where the file does not say. */
import type { FailureClass } from "../plugin/Failure.ts"

export interface ClassRule {
  readonly meaning: string
  /** `yes`: a `retry` without `on` repeats it; `no`: only an `on` that names it; `never`: not even then. */
  readonly retry: "yes" | "no" | "never"
  /** The same for a fallback's next candidate. */
  readonly moves_on: "yes" | "no" | "never"
}

const rule = (retry: ClassRule["retry"], moves_on: ClassRule["moves_on"], meaning: string): ClassRule => ({
  meaning,
  retry,
  moves_on,
})

export const classes: Readonly<Record<FailureClass, ClassRule>> = {
  rate_limited: rule("yes", "yes", "a burst limit of the vendor"),
  quota_exhausted: rule("never", "yes", "the account's window is used up"),
  overloaded: rule("yes", "yes", "the vendor is overloaded"),
  network: rule("yes", "yes", "no connection, TLS, DNS or a 5xx answer"),
  auth: rule("never", "yes", "not logged in, or the key was refused"),
  model_unavailable: rule("never", "yes", "the model is unknown or not allowed"),
  context_too_long: rule("never", "yes", "the prompt and its context do not fit"),
  refused: rule("never", "no", "the vendor's policy refuses the work"),
  missing_program: rule("never", "yes", "the program is not on PATH or not executable"),
  adapter_mismatch: rule("never", "yes", "the agent rejected our flags, or its stream is not the one we know"),
  crashed: rule("no", "yes", "ended badly without a better reason"),
  timed_out: rule("no", "no", "the attempt took longer than `timeout`"),
  stalled: rule("no", "no", "no output for as long as `stall`"),
  bad_output: rule("never", "yes", "the answer does not meet `output_schema`, after one repair turn"),
  verification_failed: rule("no", "no", "a verify step says no"),
  interrupted: rule("no", "no", "the hub stopped and the attempt could not be adopted"),
  cancelled: rule("never", "never", "a person cancelled it"),
  denied: rule("never", "never", "a person denied it"),
}

const named = (key: "retry" | "moves_on"): ReadonlySet<FailureClass> =>
  new Set(
    Object.entries(classes)
      .filter(([, rule]) => rule[key] === "yes")
      .map(([name]) => name as FailureClass),
  )

/** What a `retry` without `on` repeats. */
export const retried = named("retry")

/** What a fallback without `on` moves past. */
export const movesOn = named("moves_on")
