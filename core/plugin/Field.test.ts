import { expect, test } from "bun:test"
import { Effect, Exit, Schema } from "effect"
import { decode, formatDiagnostic, parse } from "../toml/Toml.ts"
import * as Field from "./Field.ts"

const bare = Schema.makeFilter((text: string) => text !== "no" || "is no")
const Wished = Schema.Struct({
  plain: Field.required(Schema.String, "plain"),
  filtered: Field.optional(Schema.String.check(bare), "filtered"),
  long: Field.optional(Schema.String.check(Schema.isMaxLength(9), bare), "long"),
  short: Field.optional(Schema.String.check(bare, Schema.isMaxLength(9)), "short"),
  count: Field.withDefault(Schema.Int.check(Schema.makeFilter((n) => n !== 3)), 4, "count"),
  span: Field.withDefault(Field.Span, "2 minutes", "span"),
  list: Field.optional(Schema.Array(Field.Span).check(Schema.makeFilter(() => true)), "list"),
  when: Field.optional(
    Schema.Record(Schema.String, Schema.Unknown).check(Schema.makeFilter(() => true)),
    "when",
  ),
})

test("a description and a default reach the JSON Schema whatever is checked", () => {
  const { properties } = Schema.toJsonSchemaDocument(Wished).schema as {
    properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  const described = Object.entries(properties).map(([name, schema]) => [name, schema["description"]])
  expect(described).toEqual(Object.keys(Wished.fields).map((name) => [name, name]))
  expect(properties["long"]).toEqual({ type: "string", maxLength: 9, description: "long" })
  expect(properties["count"]).toMatchObject({ type: "integer", default: 4 })
  expect(properties["span"]).toEqual({ type: "string", default: "2 minutes", description: "span" })
})

test("what is described is checked as before", () => {
  const decodes = (input: unknown) => Exit.isSuccess(Schema.decodeUnknownExit(Wished)(input))
  expect(decodes({ plain: "", filtered: "yes", long: "yes", count: 5, span: "1 second" })).toBe(true)
  for (const wrong of [{ filtered: "no" }, { long: "no" }, { long: "0123456789" }, { count: 3 }])
    expect([wrong, decodes({ plain: "", ...wrong })]).toEqual([wrong, false])
})

test.each([
  ['"soon"', 'expected a duration such as "30 minutes", got "soon"'],
  ['"30"', 'expected a duration such as "30 minutes", got "30"'],
  ["30", 'expected a duration such as "30 minutes", got 30'],
  ['"0 seconds"', 'must be a duration above zero and at most 30 days, such as "30 minutes"'],
  ['"31 days"', 'must be a duration above zero and at most 30 days, such as "30 minutes"'],
])("a span of %s is told with an example", async (value, message) => {
  const document = await Effect.runPromise(parse(`plain = ""\nspan = ${value}\n`, "a.toml"))
  const { diagnostics } = await Effect.runPromise(Effect.flip(decode(Wished, document)))
  expect(diagnostics.map(formatDiagnostic)).toEqual([expect.stringContaining(`2:8  span: ${message}`)])
})

test("variables that no program can be started with are refused by name, others are not", async () => {
  const Config = Schema.Struct({ env: Field.optional(Field.Environment, "env") })
  const text = `env = { PATH = "", "npm_config_//r/:_token" = "=", "" = "x", "A=B" = "x", N = "a\\u0000b" }`
  const document = await Effect.runPromise(parse(text, "a.toml"))
  const { diagnostics } = await Effect.runPromise(Effect.flip(decode(Config, document)))
  expect(diagnostics.map(({ message }) => message)).toEqual([
    expect.stringContaining('"" is no name of a variable'),
    expect.stringContaining('"A=B" is no name of a variable'),
    "holds a NUL, which a variable cannot",
  ])
})

test("a program that depends on the folder is refused", () => {
  const decodes = (program: string) => Exit.isSuccess(Schema.decodeUnknownExit(Field.Program)(program))
  expect(
    ["acme", "acme.cmd", "/opt/acme", "C:\\acme.exe", "C:/acme.exe"].filter((one) => !decodes(one)),
  ).toEqual([])
  expect(["", "./acme", "bin/acme", "../acme", "~/acme", ".\\acme", "C:acme/x"].filter(decodes)).toEqual([])
})
