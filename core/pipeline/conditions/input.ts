/** Looks at an input of the run. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { handle } from "./handle.ts"
import { PATTERN, problemOf, READ } from "./pattern.ts"

const Value = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

const Config = Schema.Struct({
  name: Field.required(Schema.NonEmptyString, "An input that the pipeline declares."),
  equals: Field.optional(Value, "The value it must have."),
  in: Field.optional(Schema.Array(Value).check(Schema.isMinLength(1)), "The values it may have."),
  matches: Field.optional(
    // The check that JSON Schema knows comes last, for it carries the description.
    Schema.String.check(
      Schema.makeFilter((pattern) => problemOf(pattern) ?? true),
      Schema.isMaxLength(PATTERN),
    ),
    `A regular expression of at most ${PATTERN} characters that fits somewhere in its first ${READ} characters. No group may be repeated.`,
  ),
}).check(
  Schema.makeFilter(
    (config) =>
      (["equals", "in", "matches"] as const).filter((key) => config[key] !== undefined).length === 1 ||
      "needs exactly one of equals, in and matches",
  ),
)

export const input = handle({
  id: "input",
  summary: 'An input of the run: `input = { name = "task", matches = "^fix" }`, or with `equals` or `in`.',
  config: Config,
  holds: (config, context) =>
    Effect.sync(() => {
      const value = Object.hasOwn(context.input, config.name) ? context.input[config.name] : undefined
      if (value === undefined) return { holds: false, because: `input ${config.name} is not given` }
      return { holds: fits(config, value), because: `input ${config.name} is ${brief(value)}` }
    }),
})

/** A list fits when one of its entries does. */
const fits = (config: typeof Config.Type, value: unknown): boolean => {
  if (Array.isArray(value)) return value.some((entry) => fits(config, entry))
  if (config.matches !== undefined) return new RegExp(config.matches, "u").test(String(value).slice(0, READ))
  const allowed: ReadonlyArray<unknown> = config.in ?? [config.equals]
  return allowed.includes(value)
}

const brief = (value: unknown) => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
