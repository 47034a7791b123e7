/** `hub pipeline test [NAME|FILE…]`: the tests of pipelines, one pipeline after the other. */
import { Effect, Schema } from "effect"
import * as JUnit from "../../pipeline/JUnit.ts"
import * as PipelineTest from "../../pipeline/PipelineTest.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { Door } from "../Door.ts"
import { short } from "../Terminal.ts"
import { type Command, type Context, type Done, fieldsOf } from "./Command.ts"
import { signalCode } from "./Ending.ts"
import { decodeWith } from "./Follow.ts"
import { pipelineInput, pipelines } from "./OfFile.ts"

const fields = fieldsOf({
  properties: {
    pipelines,
    junit: { type: "boolean", description: "Print the results as JUnit XML, and nothing else." },
  },
})

export const testCommand = (command: Command): Command => ({
  ...command,
  fields: () => fields,
  positional: ["pipelines"],
  examples: [
    "hub pipeline test",
    "hub pipeline test ./pipelines/implement.toml",
    "hub pipeline test --junit > report.xml",
  ],
  run: (raw, context) =>
    Effect.gen(function* () {
      const isJUnit = raw["junit"] === true
      if (isJUnit && context.globals.json) return yield* both
      const door = yield* context.door("look")
      const asked = (raw["pipelines"] ?? (yield* all(door, context))) as ReadonlyArray<string>
      // A test that is stopped takes its programs and its folder along, so the signal is waited for.
      const ended = yield* Effect.raceFirst(context.interrupted, test(door, asked, context))
      return typeof ended === "string" ? { code: signalCode(ended) } : done(ended, isJUnit)
    }),
})

const both = Effect.fail(
  new OperationFailed({
    code: "invalid",
    message: "--json and --junit are two forms of the same: give one.",
  }),
)

const Pipelines = Schema.Struct({ pipelines: Schema.Array(Schema.Struct({ id: Schema.String })) })

const all = Effect.fnUntraced(function* (door: Door, { caller }: Context) {
  const { output } = yield* door.call("list_pipelines", {}, caller)
  return (yield* decodeWith(Pipelines, output)).pipelines.map(({ id }) => id)
})

const test = Effect.fnUntraced(function* (door: Door, asked: ReadonlyArray<string>, context: Context) {
  const reports = yield* Effect.forEach(asked, (one, index) =>
    Effect.gen(function* () {
      yield* context.progress.status(`testing ${short(one, 40)}, ${index + 1} of ${asked.length}`)
      const { output } = yield* door.call("test_pipeline", yield* pipelineInput(one, context), context.caller)
      return yield* decodeWith(PipelineTest.Report, output)
    }),
  )
  return PipelineTest.report(
    reports.flatMap(({ tests }) => tests),
    reports.flatMap(({ untested }) => untested),
  )
})

const done = (report: PipelineTest.Report, isJUnit: boolean): Done => ({
  output: report,
  text: isJUnit ? JUnit.xml(report.tests) : PipelineTest.print(report),
  verbatim: isJUnit,
  code: report.failed > 0 ? 1 : 0,
})
