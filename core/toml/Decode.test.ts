import { expect, test } from "bun:test"
import { Effect, Schema } from "effect"
import {
  decode,
  diagnose,
  diagnoseSyntax,
  didYouMean,
  formatDiagnostic,
  formatPath,
  Invalid,
  parse,
  type Path,
} from "./Toml.ts"

const Common = {
  timeout: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("3 minutes"))),
}
const Step = Schema.Union([
  Schema.Struct({
    ...Common,
    type: Schema.Literal("agent"),
    prompt: Schema.String,
    model: Schema.optionalKey(Schema.String),
  }),
  Schema.Struct({
    ...Common,
    type: Schema.Literal("fallback"),
    try: Schema.Array(Schema.String).check(Schema.isMinLength(2)),
  }),
])
const Pipeline = Schema.Struct({
  description: Schema.String,
  run: Schema.optionalKey(Schema.Array(Schema.String)),
  permission: Schema.optionalKey(Schema.Literals(["restricted", "auto", "bypass"])),
  step: Schema.Record(Schema.String, Step),
  retries: Schema.optionalKey(Schema.Int),
  loose: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite])),
  token: Schema.optionalKey(Schema.RedactedFromValue(Schema.NonEmptyString)),
  need: Schema.optionalKey(Schema.Union([Schema.Literals(["all", "any"]), Schema.Int])),
})

const HEAD = `description = "d"\n`
const errors = (text: string, at?: Path): ReadonlyArray<string> => {
  const document = Effect.runSync(parse(text, "p.toml"))
  const error = Effect.runSync(Effect.flip(decode(Pipeline, document, at ? { at } : {})))
  expect(error).toBeInstanceOf(Invalid)
  return error.message.split("\n")
}

test("a good document decodes, with defaults", () => {
  const document = Effect.runSync(parse(`${HEAD}[step.a]\ntype = "agent"\nprompt = "p"\n`, "p.toml"))
  const value = Effect.runSync(decode(Pipeline, document))
  expect(value.step["a"]).toMatchObject({ type: "agent", prompt: "p" })
  expect(String(value.step["a"]?.timeout)).toBe("180000 millis")
})

test("all errors come at once, in the order of the file, each with its place", () => {
  const text = `permision = "auto"
run = "write"

[step.write]
type = "agent"
prmpt = "x"
timeout = "3 mnutes"

[step.review]
type = "fallbck"

[step.check]
model = "opus"

[step.both]
type = "fallback"
try = ["claude"]
`
  expect(errors(text)).toEqual([
    'p.toml:1:1  permision: unknown key "permision". Did you mean "permission"? Known: description, run, permission, step, retries, loose, token, need.',
    "p.toml:1:1  description: is required (string)",
    'p.toml:2:7  run: expected a list of strings, got "write"',
    "p.toml:4:1  step.write.prompt: is required (string)",
    'p.toml:6:1  step.write.prmpt: unknown key "prmpt". Did you mean "prompt"? Known: timeout, type, prompt, model.',
    'p.toml:7:11  step.write.timeout: expected a valid Duration string, got "3 mnutes"',
    'p.toml:10:8  step.review.type: expected one of "agent", "fallback", got "fallbck". Did you mean "fallback"?',
    'p.toml:12:1  step.check.type: is required ("agent" | "fallback")',
    "p.toml:17:7  step.both.try: expected a value with a length of at least 2, got a list of 1",
  ])
})

for (const [line, message] of [
  ['permission = "yolo"', 'permission: expected one of "restricted", "auto", "bypass", got "yolo"'],
  ["permission = 3", 'permission: expected one of "restricted", "auto", "bypass", got 3'],
  ["retries = 1.5", "retries: expected an integer, got 1.5"],
  ['retries = "1"', 'retries: expected an integer, got "1"'],
  ["loose = true", "loose: expected a string or a number, got true"],
  ["loose = {}", "loose: expected a string or a number, got a table"],
  ["run = [1]", "run[0]: expected a string, got 1"],
  ["step = []", "step: expected a table, got an empty list"],
  ["step.a = 5", "step.a: expected a table, got 5"],
  ["need = true", 'need: expected "all", "any" or an integer, got true'],
] as const)
  test(`says what is wrong with ${line}`, () => {
    const text = line.startsWith("step") ? `${HEAD}${line}\n` : `${HEAD}${line}\n[step]\n`
    expect(errors(text)).toEqual([
      `p.toml:2:${1 + line.indexOf(line.includes("[1]") ? "1" : line.split("= ")[1]!)}  ${message}`,
    ])
  })

test("a secret of the wrong kind is not repeated", () => {
  for (const line of ["token = 12345", 'token = ""', "token = [12345]"])
    for (const error of errors(`${HEAD}${line}\n[step]\n`)) {
      expect(error).toStartWith("p.toml:2:9  token: expected a")
      expect(error).not.toContain("12345")
      expect(error).not.toContain("got")
    }
})

test("a part of a document is decoded at its path, and its absence is an error where it should stand", () => {
  expect(errors("[plugin.x]\n[plugin.x.config]\nmodel = 1\n", ["plugin", "x", "config"])).toEqual([
    "p.toml:2:1  plugin.x.config.description: is required (string)",
    "p.toml:2:1  plugin.x.config.step: is required (table)",
    'p.toml:3:1  plugin.x.config.model: unknown key "model". Known: description, run, permission, step, retries, loose, token, need.',
  ])
  expect(errors("x = 1\n[plugin.x]\n", ["plugin", "x", "config"])).toEqual([
    "p.toml:2:1  plugin.x.config: is required",
  ])
})

test("a filter's own sentence is kept, at the place it points to", () => {
  const Range = Schema.Struct({ from: Schema.Finite, to: Schema.Finite }).check(
    Schema.makeFilter(({ from, to }) =>
      from <= to ? undefined : { path: ["to"], issue: "must not be below from" },
    ),
  )
  const document = Effect.runSync(parse("from = 3\nto = 2\n", "r.toml"))
  expect(Effect.runSync(Effect.flip(decode(Range, document))).message).toBe(
    "r.toml:2:6  to: must not be below from",
  )
})

test("in a union told apart by shape the nearest member speaks", () => {
  const Either = Schema.Union([
    Schema.Struct({ command: Schema.Array(Schema.String), expect_exit: Schema.optionalKey(Schema.Int) }),
    Schema.Struct({ schema: Schema.String, strict: Schema.Boolean }),
  ])
  const document = Effect.runSync(parse('command = ["a"]\nexpect_exit = "0"\n', "v.toml"))
  expect(Effect.runSync(Effect.flip(decode(Either, document))).message).toBe(
    'v.toml:2:15  expect_exit: expected an integer, got "0"',
  )
})

test("a table of several forms in a list is named by its entry", () => {
  const List = Schema.Struct({ cases: Schema.Array(Schema.Struct({ step: Schema.String })) })
  const document = Effect.runSync(parse('[[cases]]\nstep = "a"\n\n[[cases]]\nstpe = "b"\n', "l.toml"))
  expect(Effect.runSync(Effect.flip(decode(List, document))).message.split("\n")).toEqual([
    "l.toml:4:1  cases[1].step: is required (string)",
    'l.toml:5:1  cases[1].stpe: unknown key "stpe". Did you mean "step"? Known: step.',
  ])
})

test("names that are close are suggested, others are only listed", () => {
  const known = ["claude", "codex", "local"]
  expect(didYouMean("codx", known)).toBe('Did you mean "codex"? Known: claude, codex, local.')
  expect(didYouMean("Cluade", known)).toBe('Did you mean "claude"? Known: claude, codex, local.')
  expect(didYouMean("gemini", known)).toBe("Known: claude, codex, local.")
  expect(didYouMean("x", [])).toBe("None are known.")
  expect(
    didYouMean(
      "x",
      Array.from({ length: 1000 }, (_, n) => `p${n}`),
    ),
  ).toEndWith("p29, and 970 more.")
})

test("paths and findings read like the file, and no terminal obeys them", () => {
  expect(formatPath(["step", "write", "try", 1])).toBe("step.write.try[1]")
  expect(formatPath(["a b", "", "c.d", 0, 'q"'])).toBe('"a b".""."c.d"[0]."q\\""')
  const d = { file: "p.toml", line: 14, column: 7, path: "step.write.try[1]", message: 'no step "codx".' }
  expect(formatDiagnostic({ ...d, severity: "error" })).toBe(
    'p.toml:14:7  step.write.try[1]: no step "codx".',
  )
  expect(formatDiagnostic({ ...d, path: "", severity: "warning" })).toBe(
    'p.toml:14:7  warning: no step "codx".',
  )
  expect(formatDiagnostic({ ...d, message: "\u001b[2J\u202e", severity: "error" })).not.toMatch(
    /[\u001b\u202e]/,
  )
})

test("a rule of one's own is reported like the schema's", () => {
  const document = Effect.runSync(parse('[step.write]\ntry = ["claude", "codx"]\n', "p.toml"))
  const path = ["step", "write", "try", 1]
  expect(formatDiagnostic(diagnose(document, path, 'no step "codx".'))).toBe(
    'p.toml:2:18  step.write.try[1]: no step "codx".',
  )
  const unused = diagnose(document, ["step", "write"], "is never run", { onKey: true, severity: "warning" })
  expect(formatDiagnostic(unused)).toBe("p.toml:1:7  warning: step.write: is never run")
})

test("a file that is no TOML is one finding", () => {
  const error = Effect.runSync(Effect.flip(parse("a = [1,\nb = 2", "p.toml")))
  expect(formatDiagnostic(diagnoseSyntax(error))).toBe(
    `p.toml:${error.line}:${error.column}  ${error.reason}\n  b = 2\n  ^`,
  )
})
