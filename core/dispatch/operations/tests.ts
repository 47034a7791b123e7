/** The operation that proves pipelines before an outage does. */
import { Effect, Schema } from "effect"
import { parse } from "../../pipeline/Document.ts"
import { EveryAgent } from "../../pipeline/EveryAgent.ts"
import { kinds } from "../../pipeline/kinds/index.ts"
import type { Source } from "../../pipeline/Plan.ts"
import * as PipelineTest from "../../pipeline/PipelineTest.ts"
import { resolve } from "../../pipeline/Resolve.ts"
import { type Catalogue, Registry } from "../../plugin/Catalogue.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { formatDiagnostic, type Invalid, type TomlSyntax } from "../../toml/Toml.ts"
import { Pipelines } from "../Pipelines.ts"
import { beside } from "../Plans.ts"
import { said } from "../Refusal.ts"
import { Rehearsal } from "../Rehearsal.ts"
import { settled } from "../Settled.ts"
import * as Sources from "./sources.ts"

interface Services {
  readonly pipelines: Pipelines["Service"]
  readonly rehearsal: Rehearsal["Service"]
}

/** The tests of one file. A file that is no pipeline is a failed test: the others are run all the same. */
const tested = Effect.fnUntraced(function* (
  { pipelines, rehearsal }: Services,
  source: Source,
  catalogue: Catalogue,
) {
  const results = Effect.gen(function* () {
    const { test } = yield* parse(source.text, source.file)
    const plan = yield* resolve(beside(pipelines, source), source.id, catalogue, kinds)
    return yield* PipelineTest.run(plan, test, catalogue, rehearsal.execute)
  })
  const wrong = (error: Invalid | TomlSyntax) => Effect.succeed([unresolved(source.id, error)])
  return yield* results.pipe(Effect.catchTag("Invalid", wrong), Effect.catchTag("TomlSyntax", wrong))
})

const unresolved = (pipeline: string, error: Invalid | TomlSyntax): PipelineTest.TestResult => ({
  pipeline,
  name: "it is a pipeline",
  problems: error._tag === "Invalid" ? error.diagnostics.map(formatDiagnostic) : error.message.split("\n"),
  why: "",
  duration_ms: 0,
})

export const make = Effect.gen(function* () {
  const services = { pipelines: yield* Pipelines, rehearsal: yield* Rehearsal }
  const registry = yield* Registry
  return [
    Operation.make({
      name: "test_pipeline",
      title: "Test pipelines",
      summary:
        "Runs the [[test]] tables of pipelines: little programs stand in for agents and commands, all else is real. Asks no agent.",
      input: Schema.Struct({
        pipeline: Field.optional(
          Sources.Name,
          "Its name. All pipelines when neither a name nor a text is given.",
        ),
        ...Sources.fields,
      }),
      output: PipelineTest.Report,
      readonly: true,
      // Small as they are, it starts programs.
      scope: "dispatch",
      cli: { path: ["pipeline", "test"], positional: ["pipeline"] },
      print: PipelineTest.print,
      run: (asked) =>
        said(
          Effect.gen(function* () {
            const current = yield* settled(registry)
            // A test says what agents do, so it holds wherever it is run: none of them need be there.
            const catalogue = { ...current, agents: new EveryAgent(current.agents) }
            const sources = yield* Sources.some(services.pipelines, asked)
            const results = yield* Effect.forEach(sources, (source) => tested(services, source, catalogue))
            const untested = sources.filter((_, index) => results[index]?.length === 0)
            return PipelineTest.report(
              results.flat(),
              untested.map(({ id }) => id),
            )
          }),
        ),
    }),
  ]
})
