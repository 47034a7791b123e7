/** Looks at the hub's own environment. Never says a value: it may be a secret. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { handle } from "./handle.ts"

const Config = Schema.Struct({
  name: Field.required(Schema.NonEmptyString, "The variable, as the hub was started with."),
  equals: Field.optional(Schema.String, "The value it must have."),
  set: Field.optional(Schema.Boolean, "`true`: it has a value that is not empty; `false`: it has none."),
}).check(
  Schema.makeFilter(
    ({ equals, set }) => (equals === undefined) !== (set === undefined) || "needs either equals or set",
  ),
)

export const env = (environment: Readonly<Record<string, string | undefined>>) =>
  handle({
    id: "env",
    summary: 'An environment variable: `env = { name = "CI", set = true }`, or with `equals`.',
    config: Config,
    holds: ({ name, equals, set }) =>
      Effect.sync(() => {
        const value = Object.hasOwn(environment, name) ? environment[name] : undefined
        const isSet = value !== undefined && value !== ""
        if (equals === undefined)
          return { holds: isSet === set, because: `${name} is ${isSet ? "set" : "not set"}` }
        return {
          holds: value === equals,
          because: `${name} ${value === equals ? "is" : "is not"} ${JSON.stringify(equals)}`,
        }
      }),
  })
