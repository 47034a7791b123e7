/** The failure classes as rows of a table. */
import { moves_on, retried } from "../pipeline/Classes.ts"
import { meanings } from "../pipeline/Meanings.ts"
import { FailureClass } from "../plugin/Failure.ts"

export const classes = (): ReadonlyArray<ReadonlyArray<string>> =>
  FailureClass.literals.map((name) => [`\`${name}\``, meanings[name], retried[name], moves_on[name]])
