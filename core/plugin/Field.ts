/** Documented config fields: one sentence that reaches the README, the sample, the JSON Schema and the error. */
import { Duration, Effect, Option, Schema } from "effect"

// The description goes on the encoded side: set after a default it is missing from the JSON Schema.
const described = <S extends Schema.Top>(
  schema: S,
  annotations: { description: string; default?: unknown },
): S => Schema.annotateEncoded({ ...annotations, ...spoken(schema) })(schema) as S

/**
 * What is annotated goes with the last check, and a bare filter is left out of the JSON Schema with all it carries.
 * This has it told as "no constraint that JSON Schema could say".
 */
const spoken = (schema: Schema.Top) => {
  const last = Schema.flip(schema).ast.checks?.at(-1)
  return last?._tag === "Filter" && last.annotations?.["toJsonSchema"] === undefined
    ? { toJsonSchema: () => [{}, true] as const }
    : {}
}

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

const expected = 'a duration such as "30 minutes"'
const DurationText = Schema.String.annotate({ expected }).check(
  Schema.makeFilter((text) => Option.isSome(Duration.fromInput(text as Duration.Input)), { expected }),
)

/** `"30 minutes"`: longer than nothing, at most 30 days. */
export const Span = Schema.decodeTo(Schema.DurationFromString)(DurationText).check(
  Schema.makeFilter(
    (duration) =>
      (Duration.toMillis(duration) > 0 && Duration.toMillis(duration) <= 30 * 86_400_000) ||
      'must be a duration above zero and at most 30 days, such as "30 minutes"',
  ),
)

/** What is started: never something that is only there because of the folder that one stands in. */
export const Program = Schema.NonEmptyString.check(
  Schema.makeFilter(
    (text) =>
      !/[\\/]/.test(text) ||
      /^(?:\/|[A-Za-z]:[\\/])/.test(text) ||
      "must be a name on PATH, or an absolute path: what a relative one means depends on the folder",
  ),
)

/** On what is a record of variables: their names and texts are such as a program can be started with. */
export const areVariables = Schema.makeFilter((variables: Readonly<Record<string, string>>) =>
  Object.entries(variables).flatMap(([name, text]) => {
    const issue = variableFault(name, text)
    return issue === undefined ? [] : [{ path: [name], issue }]
  }),
)

const variableFault = (name: string, text: string): string | undefined => {
  if (name === "" || /[=\0]/.test(name))
    return `${JSON.stringify(name)} is no name of a variable: it needs one character, and none may be "=" or NUL`
  return text.includes("\0") ? "holds a NUL, which a variable cannot" : undefined
}

/** Environment variables by name. */
export const Environment = Schema.Record(Schema.String, Schema.String).check(areVariables)
