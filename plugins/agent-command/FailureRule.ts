/** What one kind of failure looks like. */
import { Schema } from "effect"
import { Failure, Field } from "hub/plugin"
import { When } from "./EventRule.ts"

const regexProblem = (source: string): string | undefined => {
  if (source === "") return "is empty: every line would match"
  try {
    return void new RegExp(source)
  } catch (error) {
    return error instanceof Error ? error.message : "is no regular expression"
  }
}

const captureProblem = (source: string): string | undefined =>
  regexProblem(source) ??
  (new RegExp(`${source}|`).exec("")?.length === 1 ? "needs a group: (\\d+)" : undefined)

const longest = Schema.isMaxLength(1000)
const Regex = Schema.String.check(
  longest,
  Schema.makeFilter((source) => regexProblem(source) ?? true),
)
const Capture = Schema.String.check(
  longest,
  Schema.makeFilter((source) => captureProblem(source) ?? true),
)

const when = Field.optional(
  When,
  'What the JSON object must hold: `{ type = "error", error.status = [429, 529] }`. Dots go deeper, `*` is any entry, a list is one of.',
)

const Exit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

export const FailureRule = Schema.Struct({
  class: Field.required(Failure.FailureClass, "The failure class, when all that the rule says holds."),
  exit: Field.optional(
    Schema.Union([Exit, Schema.Array(Exit).check(Schema.isMinLength(1))]),
    "The exit status, or one of several.",
  ),
  matches: Field.optional(
    Regex,
    "Regular expression, upper and lower case alike, for one line. Beside `when`: for the message. Lines are cut to 4 KB for it.",
  ),
  in: Field.optional(
    Schema.Literals(["stdout", "stderr", "any"]),
    "Where `matches` looks. Left out: both. Lines that are part of a JSON stream are left to `when`.",
  ),
  when,
  message: Field.optional(Schema.NonEmptyString, "Path of the message in the object that `when` describes."),
  retry_after: Field.optional(
    Capture,
    "Regular expression for the vendor's wait: one group is seconds, or groups named hours, minutes, seconds, ms.",
  ),
  resets_at: Field.optional(
    Capture,
    "Regular expression for the time of the reset: one group with seconds or milliseconds since 1970, or an ISO date.",
  ),
  early: Field.withDefault(
    Schema.Boolean,
    false,
    "It is said while the program still tries: the attempt is ended unless progress follows within the step's `patience`.",
  ),
  seen: Field.optional(Schema.String, "Where this was seen: program and version. Shown with the failure."),
}).check(
  Schema.makeFilter((rule) => {
    if (rule.exit === undefined && rule.matches === undefined && rule.when === undefined)
      return "says nothing: give it exit, matches or when"
    if (rule.early && rule.exit !== undefined)
      return { path: ["early"], issue: "a running program has no exit status: take exit away" }
    if (rule.when === undefined && rule.message !== undefined)
      return { path: ["message"], issue: "is a path in the object of when: give it when" }
    return (
      rule.when === undefined ||
      rule.in === undefined || { path: ["in"], issue: "has no meaning beside when" }
    )
  }),
)
export type FailureRule = typeof FailureRule.Type
