/** Documented config fields: one sentence that reaches the README, the sample, the JSON Schema and the error. */
import { Duration, Effect, Schema } from "effect"

// The description goes on the encoded side: set after a default it is missing from the JSON Schema.
const described = <S extends Schema.Top>(
  schema: S,
  annotations: { description: string; default?: unknown },
): S => Schema.annotateEncoded(annotations)(schema) as S

/** A key that must be there. */
export const required = <S extends Schema.Top>(schema: S, description: string): S =>
  described(schema, { description })

/** A key that may be left out. */
export const optional = <S extends Schema.Top>(schema: S, description: string): Schema.optionalKey<S> =>
  Schema.optionalKey(described(schema, { description }))

/** A key that has a value when left out. The default is given as it would stand in the file. */
export const withDefault = <S extends Schema.Top>(schema: S, value: S["Encoded"], description: string) =>
  described(schema, { description, default: value }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(value)),
  )

/** `"30 minutes"`: longer than nothing, at most 30 days. */
export const Span = Schema.DurationFromString.check(
  Schema.makeFilter(
    (duration) =>
      (Duration.toMillis(duration) > 0 && Duration.toMillis(duration) <= 30 * 86_400_000) ||
      'must be a duration above zero and at most 30 days, such as "30 minutes"',
  ),
)
