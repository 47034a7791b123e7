/** `[[test]]`: what must happen when agents and commands behave in a given way. */
import { Schema } from "effect"
import { FailureClass } from "../plugin/Failure.ts"
import * as Field from "../plugin/Field.ts"
import { RunState } from "../services/Runs.ts"

/** What a stand-in for an agent does when it is started. Waits are shortened, in proportion to each other. */
export const AgentScript = Schema.Struct({
  say: Field.optional(Schema.String, "The answer it gives."),
  data: Field.optional(Schema.Unknown, "The answer as data."),
  fail: Field.optional(FailureClass, "The class it fails with."),
  retry_after: Field.optional(Field.Span, "The wait that the vendor asks for, with `fail`."),
  after: Field.optional(Field.Span, "How long it works before that."),
  stream: Field.optional(Schema.Array(Schema.String), "What it says on the way, one message each."),
  stderr: Field.optional(Schema.String, "What it writes to stderr."),
  exit: Field.optional(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }, { expected: "0 to 255" })),
    "Its exit status. Alone, without an answer or a class: it crashed.",
  ),
}).check(
  Schema.makeFilter(({ say, data, fail, exit }) => {
    const says = say !== undefined || data !== undefined
    const crashes = !says && fail === undefined && exit !== undefined && exit !== 0
    return crashes || says !== (fail !== undefined) || "either says something or fails"
  }),
)
export type AgentScript = typeof AgentScript.Type

/** What a stand-in for a verify step's command does. */
export const CommandScript = Schema.Struct({
  exit: Field.withDefault(Schema.Int, 0, "Its exit status."),
  output: Field.withDefault(Schema.String, "", "What it prints."),
  after: Field.optional(Field.Span, "How long it works before that."),
})
export type CommandScript = typeof CommandScript.Type

const oneOrMany = <S extends Schema.Top>(script: S) =>
  Schema.Union([script, Schema.Array(script).check(Schema.isMinLength(1))])

export const Expectation = Schema.Struct({
  state: Field.optional(RunState, "How the run ends."),
  failure: Field.optional(FailureClass, "The class it fails with."),
  tried: Field.optional(Schema.Array(Schema.String), "The candidates that were started, in order."),
  skipped: Field.optional(Schema.Array(Schema.String), "The steps that were skipped, in any order."),
  answered_by: Field.optional(Schema.String, "The step whose answer is the run's."),
  answer: Field.optional(Schema.String, "The answer itself."),
  attempts: Field.optional(Schema.Int, "How many times an agent was started."),
})
export type Expectation = typeof Expectation.Type

export const TestTable = Schema.Struct({
  name: Field.required(Schema.NonEmptyString, "A sentence about behaviour."),
  prompt: Field.withDefault(Schema.String, "", "The prompt of the dispatch."),
  input: Field.withDefault(Schema.Record(Schema.String, Schema.Unknown), {}, "Inputs of the run."),
  agents: Field.withDefault(
    Schema.Record(Schema.String, oneOrMany(AgentScript)),
    {},
    "What each agent does; a list is for one start after the other, its last entry for all further ones.",
  ),
  commands: Field.withDefault(
    Schema.Record(Schema.String, oneOrMany(CommandScript)),
    {},
    "What the command of each verify step does, likewise.",
  ),
  env: Field.optional(
    Schema.Record(Schema.String, Schema.String),
    "The environment that the `env` condition sees, in place of the hub's.",
  ),
  project: Field.optional(
    Schema.Struct({
      name: Field.required(Schema.NonEmptyString, "Its name."),
      tags: Field.withDefault(Schema.Array(Schema.String), [], "Its tags."),
    }),
    "The project that the run belongs to.",
  ),
  cooling: Field.withDefault(Schema.Array(Schema.String), [], "Agents that are cooling when the run starts."),
  expect: Field.required(Expectation, "What must come out."),
})
export type TestTable = typeof TestTable.Type
