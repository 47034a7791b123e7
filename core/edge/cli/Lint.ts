/** `hub pipeline lint [FILE…]`: files are read here, by whoever typed their names; the hub checks their text. */
import { Effect, Schema } from "effect"
import type { Door } from "../Door.ts"
import { safe } from "../Terminal.ts"
import { type Command, type Context, fieldsOf } from "./Command.ts"
import { decodeWith } from "./Follow.ts"
import { pipelineInput, pipelines } from "./OfFile.ts"

const Linted = Schema.Struct({
  errors: Schema.Int,
  warnings: Schema.Int,
  diagnostics: Schema.Array(
    Schema.Struct({
      file: Schema.String,
      line: Schema.Number,
      column: Schema.Number,
      path: Schema.String,
      message: Schema.String,
      severity: Schema.Literals(["error", "warning"]),
      excerpt: Schema.optionalKey(Schema.String),
    }),
  ),
})
export type Linted = typeof Linted.Type

const fields = fieldsOf({ properties: { pipelines } })

export const lintCommand = (command: Command): Command => ({
  ...command,
  fields: () => fields,
  positional: ["pipelines"],
  examples: ["hub pipeline lint", "hub pipeline lint ./pipelines/implement.toml"],
  run: (raw, context) =>
    Effect.gen(function* () {
      const door = yield* context.door("look")
      const asked = (raw["pipelines"] ?? [undefined]) as ReadonlyArray<string | undefined>
      return report(yield* Effect.forEach(asked, (one) => lintOne(door, one, context)))
    }),
})

const lintOne = Effect.fnUntraced(function* (door: Door, asked: string | undefined, context: Context) {
  const input = asked === undefined ? {} : yield* pipelineInput(asked, context)
  const { output } = yield* door.call("lint_pipeline", input, context.caller)
  return yield* decodeWith(Linted, output)
})

const report = (all: ReadonlyArray<Linted>) => {
  const diagnostics = all.flatMap((one) => one.diagnostics)
  const errors = all.reduce((sum, one) => sum + one.errors, 0)
  const warnings = all.reduce((sum, one) => sum + one.warnings, 0)
  return {
    output: { errors, warnings, diagnostics },
    text: [...diagnostics.map(lineOf), counts(errors, warnings)].join("\n"),
    code: errors > 0 ? 2 : 0,
  }
}

/** `pipelines/implement.toml:14:7  step.write.try[1]: no step "codx".`, and under it the excerpt when there is one. */
export const lineOf = (found: Linted["diagnostics"][number]): string => {
  const path = found.path === "" ? "" : `${found.path}: `
  const severity = found.severity === "warning" ? "warning: " : ""
  const excerpt = found.excerpt === undefined ? "" : `\n${found.excerpt.replace(/^/gm, "  ")}`
  return safe(`${found.file}:${found.line}:${found.column}  ${severity}${path}${found.message}${excerpt}`)
}

export const counts = (errors: number, warnings: number): string =>
  errors + warnings === 0 ? "No errors." : `${count(errors, "error")}, ${count(warnings, "warning")}`

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? "" : "s"}`
