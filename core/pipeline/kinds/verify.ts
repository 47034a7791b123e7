/** `verify`: a program that must succeed, or a JSON Schema that the answer before it must meet. */
import { Effect, Schema } from "effect"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import type { CommandResult } from "../../plugin/Step.ts"
import { coreKind, type Inside } from "../Frame.ts"
import * as JsonShape from "../JsonShape.ts"

const Config = Schema.Struct({
  command: Field.optional(
    Schema.NonEmptyArray(Schema.String),
    "Program and arguments, without a shell and taken as they stand: nothing is filled in.",
  ),
  schema: Field.optional(
    JsonShape.Field,
    "A JSON Schema for the answer of the step before: a table, JSON text, or the name of a file beside the pipeline.",
  ),
  expect_exit: Field.withDefault(Schema.Int, 0, "The exit status that counts as passed."),
}).check(
  Schema.makeFilter(
    ({ command, schema }) =>
      (command === undefined) !== (schema === undefined) || "takes either `command` or `schema`",
  ),
)

/** Succeeds with the command's output, or with the answer that was checked. */
export const verify = coreKind({
  type: "verify",
  summary: "Runs a command that must exit as expected, or checks the answer before it against a JSON Schema.",
  config: Config,
  run: ({ command, schema, expect_exit }, inside) =>
    command === undefined ? checkAnswer(schema, inside) : checkCommand(command, expect_exit, inside),
})

const checkCommand = Effect.fnUntraced(function* (
  [program, ...args]: readonly [string, ...Array<string>],
  expected: number,
  inside: Inside,
) {
  const result = yield* inside.command({ program, args })
  if (result.code === expected) return { text: result.output, by: inside.label }
  const ended =
    result.code === null ? `was ended by ${result.signal ?? "a signal"}` : `exited with ${result.code}`
  return yield* failed(inside, `${[program, ...args].join(" ")} ${ended}, expected ${expected}.`, result)
})

const checkAnswer = Effect.fnUntraced(function* (schema: JsonShape.Shape | undefined, inside: Inside) {
  const answer = Array.from(inside.frame.answers.values()).at(-1)
  if (answer === undefined)
    return yield* failed(inside, "There is no answer to check: no step before it answered.")
  const met = yield* JsonShape.check(schema ?? {}, answer)
  if (met.problem !== undefined) return yield* failed(inside, `The answer of ${answer.by} ${met.problem}`)
  return { ...answer, data: met.data }
})

const failed = (inside: Inside, message: string, result?: CommandResult) => {
  const output = result?.output ?? message
  inside.frame.outputs.set(inside.self.id, output)
  return Failure.of("verification_failed", message, {
    evidence: tail(output),
    ...(typeof result?.code === "number" ? { exit_code: result.code } : {}),
    ...(typeof result?.signal === "string" ? { signal: result.signal } : {}),
  })
}

const tail = (output: string): ReadonlyArray<string> =>
  output
    .trimEnd()
    .split("\n")
    .slice(-20)
    .map((line) => (line.length > 500 ? `${line.slice(0, 499)}…` : line))
