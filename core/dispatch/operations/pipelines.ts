/** Operations on pipelines: what there is, what is wrong with it, what it would do now. */
import { Effect, Schema } from "effect"
import { Registry } from "../../plugin/Catalogue.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { EveryAgent } from "../../pipeline/EveryAgent.ts"
import { kinds } from "../../pipeline/kinds/index.ts"
import * as Preview from "../../pipeline/Preview.ts"
import { lint } from "../../pipeline/Resolve.ts"
import * as Show from "../../pipeline/Show.ts"
import { Diagnostic, formatDiagnostic } from "../../toml/Toml.ts"
import { Cooldowns } from "../Cooldowns.ts"
import { Dispatch } from "../Dispatch.ts"
import { Pipelines } from "../Pipelines.ts"
import { beside, Plans } from "../Plans.ts"
import { said } from "../Refusal.ts"
import { settled } from "../Settled.ts"
import * as Text from "../Text.ts"
import * as Sources from "./sources.ts"

const Given = Schema.Record(Schema.String, Schema.Unknown)

const Listed = Schema.Struct({
  id: Schema.String,
  /** `home`: the user's own, which wins over one of the same name that is `shipped`. */
  origin: Schema.Literals(["home", "shipped"]),
  description: Schema.String,
  inputs: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      type: Schema.String,
      required: Schema.Boolean,
      description: Schema.optionalKey(Schema.String),
    }),
  ),
  /** Why it cannot run now: an agent that is not there, an error in the file. */
  problem: Schema.optionalKey(Schema.String),
})

type Services = {
  readonly pipelines: Pipelines["Service"]
  readonly plans: Plans["Service"]
  readonly registry: Registry["Service"]
}

const firstLine = (text: string): string => text.split("\n")[0] ?? ""

const describe = ({ plans }: Services) =>
  Effect.fnUntraced(function* ({ id, origin }: { readonly id: string; readonly origin: "home" | "shipped" }) {
    const found = yield* Effect.result(plans.named(id))
    if (found._tag === "Failure")
      return { id, origin, description: "", inputs: [], problem: firstLine(found.failure.message) }
    const { description, inputs } = found.success.plan
    const input = [...inputs].map(([name, spec]) => ({
      name,
      type: spec.type,
      required: spec.required,
      ...(spec.description === undefined ? {} : { description: spec.description }),
    }))
    return { id, origin, description, inputs: input }
  })

/** The pipelines that there are now. */
export const pipelinesNow = (services: Services) =>
  Effect.flatMap(services.pipelines.list, (all) =>
    Effect.map(Effect.forEach(all, describe(services)), (pipelines) => ({ pipelines })),
  )

const list = (services: Services) =>
  Operation.make({
    name: "list_pipelines",
    title: "List pipelines",
    summary:
      "Lists the pipelines that a dispatch can name, with their inputs, and what keeps one from running.",
    input: Schema.Struct({}),
    output: Schema.Struct({ pipelines: Schema.Array(Listed) }),
    readonly: true,
    cli: { path: ["pipelines"] },
    print: ({ pipelines }) =>
      pipelines.length === 0
        ? "No pipelines."
        : Text.table(
            pipelines.map((one) => [one.id, one.origin, Text.brief(one.problem ?? one.description, 100)]),
          ),
    run: () => said(pipelinesNow(services)),
  })

const errorsIn = (diagnostics: ReadonlyArray<Diagnostic>) =>
  diagnostics.filter(({ severity }) => severity === "error").length

const lintPipeline = (services: Services) =>
  Operation.make({
    name: "lint_pipeline",
    title: "Lint pipelines",
    summary:
      "Says everything that is wrong with a pipeline at once: file, line, column, key, and the names that are known.",
    input: Schema.Struct({
      pipeline: Field.optional(
        Sources.Name,
        "Its name. All pipelines when neither a name nor a text is given.",
      ),
      ...Sources.fields,
      any_agent: Field.withDefault(
        Schema.Boolean,
        false,
        "Takes every agent that is named as there, able to do all that is asked: for the pages of a manual.",
      ),
    }),
    output: Schema.Struct({
      errors: Schema.Int,
      warnings: Schema.Int,
      diagnostics: Schema.Array(Diagnostic),
    }),
    readonly: true,
    cli: { path: ["pipeline", "lint"], positional: ["pipeline"] },
    print: ({ diagnostics, errors, warnings }) =>
      [...diagnostics.map(formatDiagnostic), `${errors} errors, ${warnings} warnings`].join("\n"),
    run: (input) =>
      said(
        Effect.gen(function* () {
          const current = yield* settled(services.registry)
          const catalogue = input.any_agent ? { ...current, agents: new EveryAgent() } : current
          const sources = yield* Sources.some(services.pipelines, input)
          const found = yield* Effect.forEach(sources, (source) =>
            lint(beside(services.pipelines, source), source, catalogue, kinds),
          )
          const diagnostics = found.flat()
          const errors = errorsIn(diagnostics)
          return { errors, warnings: diagnostics.length - errors, diagnostics }
        }),
      ),
  })

const planPipeline = (services: Services, dispatch: Dispatch["Service"], cooldowns: Cooldowns["Service"]) =>
  Operation.make({
    name: "plan_pipeline",
    title: "Plan a run",
    summary:
      "Says what a dispatch would do now and why: conditions, cooling agents, missing programs, command lines. Starts nothing.",
    input: Schema.Struct({
      pipeline: Field.optional(Sources.Name, "Pipeline to plan."),
      ...Sources.fields,
      prompt: Field.withDefault(Schema.String, "(the prompt)", "The prompt it would be given."),
      project: Field.optional(Sources.Name, "Name from projects.toml."),
      cwd: Field.optional(Schema.NonEmptyString, "Absolute folder, instead of a project."),
      input: Field.optional(Given, "Inputs that the pipeline declares, by name."),
    }),
    output: Preview.Preview,
    readonly: true,
    // It starts programs in a folder of the caller's choice: git, and agents that are asked for their version.
    scope: "dispatch",
    cli: { path: ["pipeline", "plan"], positional: ["pipeline"] },
    print: Preview.text,
    run: (request, caller) =>
      said(
        Effect.gen(function* () {
          const source = yield* Sources.one(services.pipelines, request)
          const { input, place, plan } = yield* dispatch.prepare(request, caller, source)
          const catalogue = yield* services.registry.current
          const { cwd } = place
          const project =
            place.project === undefined
              ? undefined
              : { name: place.project.name, tags: place.project.settings.tags ?? [] }
          const cooling = (agent: string, model: string | undefined) =>
            Effect.orDie(cooldowns.of(agent, model))
          return yield* Preview.preview({
            plan,
            catalogue,
            cwd,
            project,
            input,
            prompt: request.prompt,
            cooling,
          })
        }),
      ),
  })

const show = (services: Services) =>
  Operation.make({
    name: "show_pipeline",
    title: "Show a pipeline",
    summary: "Draws a pipeline as a tree, or as a Mermaid flowchart.",
    input: Schema.Struct({
      pipeline: Field.optional(Sources.Name, "Its name."),
      ...Sources.fields,
      mermaid: Field.withDefault(Schema.Boolean, false, "As a Mermaid flowchart."),
    }),
    output: Schema.Struct({ pipeline: Schema.String, file: Schema.String, text: Schema.String }),
    readonly: true,
    cli: { path: ["pipeline", "show"], positional: ["pipeline"] },
    print: ({ text }) => text,
    run: ({ mermaid, ...asked }) =>
      said(
        Effect.gen(function* () {
          const source = yield* Sources.one(services.pipelines, asked)
          const plan = yield* services.plans.toShow(source)
          const text = mermaid ? Show.mermaid(plan) : Show.tree(plan)
          return { pipeline: plan.id, file: plan.file, text }
        }),
      ),
  })

export const make = Effect.gen(function* () {
  const services = { pipelines: yield* Pipelines, plans: yield* Plans, registry: yield* Registry }
  const dispatch = yield* Dispatch
  const cooldowns = yield* Cooldowns
  return [list(services), lintPipeline(services), planPipeline(services, dispatch, cooldowns), show(services)]
})
