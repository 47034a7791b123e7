import { expect } from "bun:test"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import { catalogue, sourcesOf } from "../testing/catalogue.ts"
import { effect } from "../testing/effect.ts"
import { type Diagnostic, Invalid, stringify, TomlSyntax } from "../toml/Toml.ts"
import { kinds } from "./kinds/index.ts"
import { resolve } from "./Resolve.ts"
import { mermaid, tree } from "./Show.ts"

/** Either a plan that can be shown, or findings that lie in the text; never a bug. */
const settles = async (text: string) => {
  const exit = await Effect.runPromiseExit(resolve(sourcesOf({ p: text }), "p", catalogue, kinds))
  if (Exit.isSuccess(exit)) {
    expect(tree(exit.value)).toStartWith("p")
    expect(mermaid(exit.value)).toStartWith("flowchart")
    for (const warning of exit.value.warnings) lies(warning, text)
    return
  }
  const failed = exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error : reason))
  const [error] = failed
  if (error instanceof Invalid) {
    expect(error.diagnostics.length).toBeGreaterThan(0)
    for (const diagnostic of error.diagnostics) lies(diagnostic, text)
  } else if (error instanceof TomlSyntax) lies(error, text)
  else throw error
}

const lies = ({ line, column }: Pick<Diagnostic, "line" | "column">, text: string) => {
  const lines = text.split("\n")
  expect(line).toBeGreaterThanOrEqual(1)
  expect(line).toBeLessThanOrEqual(lines.length)
  expect(column).toBeGreaterThanOrEqual(1)
  expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1)
}

const id = fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor", "e f", "")
const type = fc.constantFrom(...kinds.keys(), "announce", "approve", "nope")
const text = fc.oneof(
  fc.constantFrom(
    "{{ input.a }}",
    "{{ steps.b.answer }}",
    "{{ x",
    "{{{{",
    "{{ steps.c.data.a.b }}",
    "5 minutes",
    "claude",
  ),
  fc.string({ maxLength: 20, unit: "grapheme" }),
)
const scalar = fc.oneof(text, id, fc.integer({ min: -5, max: 9 }), fc.double({ noNaN: true }), fc.boolean())
const condition = fc.letrec((tie) => ({
  table: fc.dictionary(
    fc.constantFrom(
      "env",
      "input",
      "failed",
      "time",
      "changed",
      "project",
      "all",
      "any",
      "not",
      "quota",
      "x",
    ),
    fc.oneof(
      { maxDepth: 3 },
      scalar,
      tie("table"),
      fc.array(tie("table"), { maxLength: 2 }),
      fc.array(id, { maxLength: 2 }),
    ),
    { maxKeys: 2 },
  ),
})).table
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  condition,
  fc.array(fc.record({ when: condition, step: id }), { maxLength: 2 }),
  fc.dictionary(id, scalar, { maxKeys: 2 }),
)
const keys =
  "agent prompt try steps step until times need command cases else template when retry timeout guard isolation session model pipeline input output_schema x"
const key = fc.constantFrom(...keys.split(" "))
const step = fc
  .tuple(type, fc.dictionary(key, value, { maxKeys: 5 }), fc.array(id, { maxLength: 3 }), id)
  .map(([type, table, ids, one]) => ({
    type,
    prompt: "x",
    agent: "claude",
    try: ids,
    steps: ids,
    step: one,
    ...table,
  }))
const document = fc.record(
  {
    description: scalar,
    run: fc.oneof(fc.array(id, { maxLength: 4 }), value),
    input: fc.dictionary(id, fc.oneof(fc.record({ type: scalar, default: value }), value), { maxKeys: 2 }),
    defaults: value,
    step: fc.oneof({ weight: 9, arbitrary: fc.dictionary(id, step, { maxKeys: 5 }) }, value),
    test: fc.oneof(
      fc.array(fc.dictionary(fc.constantFrom("name", "input", "agents", "expect"), value), { maxLength: 2 }),
      value,
    ),
  },
  { requiredKeys: ["run", "step"] },
)

const check = <A>(name: string, arbitrary: fc.Arbitrary<A>, textOf: (made: A) => string | undefined) =>
  effect(
    name,
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(arbitrary, async (made) => {
          const toml = textOf(made)
          if (toml !== undefined) await settles(toml)
        }),
        { numRuns: 400 },
      ),
    ),
    120_000,
  )

// What TOML cannot hold (half a surrogate pair) is not a document.
const written = (made: object) => {
  try {
    return stringify(made as Record<string, unknown>)
  } catch {
    return undefined
  }
}

check("any document resolves or says where it is wrong", document, written)
check("any text does", fc.oneof(fc.string({ unit: "grapheme" }), fc.string()), (made) => made)
check("so does a file that is cut off anywhere", fc.tuple(document, fc.nat()), ([made, at]) => {
  const toml = written(made)
  return toml?.slice(0, at % (toml.length + 1))
})
