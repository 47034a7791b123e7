/** Looks at why the candidate before this one failed. */
import { Effect, Schema } from "effect"
import { FailureClass } from "../../plugin/Failure.ts"
import { handle } from "./handle.ts"

export const failed = handle({
  id: "failed",
  summary: 'The candidate before this one failed with one of these classes: `failed = ["quota_exhausted"]`.',
  config: Schema.Array(FailureClass).check(Schema.isMinLength(1)),
  holds: (classes, { previous }) =>
    Effect.succeed(
      previous === undefined
        ? { holds: false, because: "no candidate has failed before" }
        : {
            holds: classes.includes(previous.class),
            because: `the candidate before failed with ${previous.class}`,
          },
    ),
})
