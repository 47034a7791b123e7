/** Why an attempt failed: a closed set of classes, carried as data from the adapter to the person. */
import { Schema } from "effect"

export const FailureClass = Schema.Literals([
  "rate_limited",
  "quota_exhausted",
  "overloaded",
  "network",
  "auth",
  "model_unavailable",
  "context_too_long",
  "refused",
  "missing_program",
  "adapter_mismatch",
  "crashed",
  "timed_out",
  "stalled",
  "bad_output",
  "verification_failed",
  "interrupted",
  "cancelled",
  "denied",
])
export type FailureClass = typeof FailureClass.Type

const plain = {
  class: FailureClass,
  /** One sentence for a person. */
  message: Schema.String,
  /** The vendor's wait, in milliseconds from the moment of the failure. */
  retry_after_ms: Schema.optionalKey(Schema.Number),
  /** When the account's window is full again, in milliseconds since the epoch. */
  resets_at: Schema.optionalKey(Schema.Number),
  /** Which window is used up: `"5h"`, `"weekly"`, … */
  window: Schema.optionalKey(Schema.String),
  exit_code: Schema.optionalKey(Schema.Int),
  signal: Schema.optionalKey(Schema.String),
  /** The last lines, or the event, that this was read from. At most 20 lines. */
  evidence: Schema.optionalKey(Schema.Array(Schema.String)),
  agent: Schema.optionalKey(Schema.String),
  step: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int),
}

const facts = {
  ...plain,
  /** A spent fallback or parallel step: the failure of each candidate in order, nested ones in their place. */
  tried: Schema.optionalKey(Schema.Array(Schema.Struct(plain))),
}

/** A failure as it is stored and shown. */
export const FailureFacts = Schema.Struct(facts)
export type FailureFacts = typeof FailureFacts.Type

/** A failure as it travels in the error channel; an adapter may also return it as a value. */
export class Failure extends Schema.TaggedError<Failure>()("Failure", facts) {
  /** The same failure with more known about it. Fields that are already set stay. */
  with(more: Partial<FailureFacts>): Failure {
    return new Failure({ ...more, ...this.facts })
  }
  get facts(): FailureFacts {
    // An error's message is not enumerable, so no spread takes it along.
    const { _tag, ...own } = this
    return { ...own, message: this.message } as FailureFacts
  }
}

/** `Failure.of("rate_limited", "The vendor asks to wait 30 s.", { retry_after_ms: 30_000 })` */
export const of = (
  class_: FailureClass,
  message: string,
  more: Omit<Partial<FailureFacts>, "class" | "message"> = {},
): Failure => new Failure({ class: class_, message, ...more })
