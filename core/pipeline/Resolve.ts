/** From files to a plan, or to everything that is wrong with them, at once. */
import { Effect, Predicate } from "effect"
import { type Diagnostic, diagnoseSyntax, didYouMean, Invalid, TomlSyntax } from "../toml/Toml.ts"
import { include as includeFiles, type ReadBeside } from "./Beside.ts"
import { read as readDocument } from "./Document.ts"
import { type Catalogued, type Draft, type DraftStep, type Kinds, read as readDraft } from "./Draft.ts"
import { findings } from "./Lint.ts"
import { resolved } from "./Modifiers.ts"
import type { Plan, PlanStep, Source } from "./Plan.ts"
import { capped, error, sorted } from "./Problem.ts"

/** Where pipelines are found by name. */
export interface Sources<E = never> {
  readonly get: (id: string) => Effect.Effect<Source | undefined, E>
  readonly list: Effect.Effect<ReadonlyArray<{ readonly id: string }>, E>
  /** For the files that a pipeline names. Left out: only those that its source already has. */
  readonly beside?: ReadBeside | undefined
}

/** What is known of the run to come. `project: undefined` says that it belongs to none. */
export interface Context {
  readonly project?: { readonly name: string } | undefined
}

const MAX_PIPELINES = 20

/**
 * The plan of a pipeline and of those it runs.
 *
 * `kinds` are core's own step kinds; those of plugins stand in the catalogue, and so do all conditions, core's included.
 * A pipeline that is not there is Invalid too. TomlSyntax is for the file itself; one that it runs is a finding.
 */
export const resolve = Effect.fn("Pipeline.resolve")(function* <E>(
  sources: Sources<E>,
  id: string,
  catalogue: Catalogued & { readonly steps: Kinds },
  kinds: Kinds,
  context?: Context,
): Effect.fn.Return<Plan, Invalid | TomlSyntax | E> {
  const source = yield* sources.get(id)
  if (source === undefined) return yield* missing(id, yield* sources.list)
  const found = yield* all(sources, source, catalogue, kinds, context)
  if (found.plan === undefined) return yield* new Invalid({ diagnostics: found.diagnostics })
  return found.plan
})

/** Errors and warnings of one file and of those it runs, sorted; nothing when all is well. */
export const lint = Effect.fn("Pipeline.lint")(function* <E>(
  sources: Sources<E>,
  source: Source,
  catalogue: Catalogued & { readonly steps: Kinds },
  kinds: Kinds,
): Effect.fn.Return<ReadonlyArray<Diagnostic>, E> {
  const found = all(sources, source, catalogue, kinds, undefined)
  return yield* found.pipe(
    Effect.map(({ diagnostics }) => diagnostics),
    Effect.catchIf(
      (failed): failed is Invalid | TomlSyntax => failed instanceof Invalid || failed instanceof TomlSyntax,
      (failed) => Effect.succeed(failed instanceof Invalid ? failed.diagnostics : [diagnoseSyntax(failed)]),
    ),
  )
})

interface Resolving<E> {
  readonly sources: Sources<E>
  readonly catalogue: Catalogued
  readonly kinds: Kinds
  readonly context: Context | undefined
  /** Pipelines that were looked at, by id. */
  readonly seen: Map<string, Plan | undefined>
  readonly diagnostics: Array<Diagnostic>
}

const all = Effect.fnUntraced(function* <E>(
  sources: Sources<E>,
  source: Source,
  catalogue: Catalogued & { readonly steps: Kinds },
  core: Kinds,
  context: Context | undefined,
) {
  const kinds = new Map([...catalogue.steps, ...core])
  const resolving: Resolving<E> = { sources, catalogue, kinds, context, seen: new Map(), diagnostics: [] }
  const plan = yield* one(resolving, source, [source.id])
  return { plan, diagnostics: capped(sorted(resolving.diagnostics)) }
})

const one = Effect.fnUntraced(function* <E>(
  resolving: Resolving<E>,
  source: Source,
  above: ReadonlyArray<string>,
): Effect.fn.Return<Plan | undefined, Invalid | TomlSyntax | E> {
  const written = yield* readDocument(source.text, source.file)
  const whole = yield* includeFiles(written, source, resolving.sources.beside)
  const draft = yield* readDraft(source.id, whole.document, resolving.catalogue, resolving.kinds)
  const nested = yield* pipelines(resolving, draft, above)
  const project = resolving.context === undefined ? undefined : resolving.context.project !== undefined
  const found = [
    ...whole.diagnostics,
    ...findings(draft, { catalogue: resolving.catalogue, pipelines: nested.plans, project }),
    ...nested.diagnostics,
  ]
  // The file itself before those that it runs.
  resolving.diagnostics.unshift(...found)
  const fits = nested.whole && found.every(({ severity }) => severity === "warning")
  return fits ? planOf(draft, whole.source, nested.plans, sorted(found)) : undefined
})

interface Nested {
  readonly plans: ReadonlyMap<string, Plan>
  /** At the steps that name them. */
  readonly diagnostics: ReadonlyArray<Diagnostic>
  readonly whole: boolean
}

const pipelines = Effect.fnUntraced(function* <E>(
  resolving: Resolving<E>,
  draft: Draft,
  above: ReadonlyArray<string>,
): Effect.fn.Return<Nested, E> {
  const plans = new Map<string, Plan>()
  const diagnostics: Array<Diagnostic> = []
  let whole = true
  for (const { id, type, table } of draft.steps.values()) {
    const { pipeline } = table
    if (type !== "pipeline" || !Predicate.isString(pipeline)) continue
    const found = yield* include(resolving, pipeline, above)
    if (Predicate.isString(found)) diagnostics.push(error(draft.document, ["step", id, "pipeline"], found))
    else if (found === undefined) whole = false
    else plans.set(pipeline, found)
  }
  return { plans, diagnostics, whole }
})

/** A plan; or what is wrong with the name; or nothing, when the file itself is wrong and said so. */
const include = Effect.fnUntraced(function* <E>(
  resolving: Resolving<E>,
  id: string,
  above: ReadonlyArray<string>,
): Effect.fn.Return<Plan | string | undefined, E> {
  const { seen, sources } = resolving
  const from = above.indexOf(id)
  if (from >= 0)
    return `pipeline ${JSON.stringify(id)} would run itself: ${[...above.slice(from), id].join(" → ")}`
  if (seen.has(id)) return seen.get(id)
  if (seen.size >= MAX_PIPELINES) return `is one pipeline too many: at most ${MAX_PIPELINES} are included`
  const source = yield* sources.get(id)
  if (source === undefined) return noPipeline(id, yield* sources.list)
  seen.set(id, undefined)
  const plan = yield* one(resolving, source, [...above, id]).pipe(
    Effect.catchIf(
      (failed): failed is Invalid | TomlSyntax => failed instanceof Invalid || failed instanceof TomlSyntax,
      (failed) => {
        resolving.diagnostics.push(
          ...(failed instanceof Invalid ? failed.diagnostics : [diagnoseSyntax(failed)]),
        )
        return Effect.succeed(undefined)
      },
    ),
  )
  seen.set(id, plan)
  return plan
})

const noPipeline = (id: string, list: ReadonlyArray<{ readonly id: string }>) =>
  `no pipeline ${JSON.stringify(id)}. ${didYouMean(
    id,
    list.map((source) => source.id),
  )}`

const missing = (id: string, list: ReadonlyArray<{ readonly id: string }>) =>
  new Invalid({
    diagnostics: [
      {
        file: `pipelines/${id}.toml`,
        line: 1,
        column: 1,
        path: "",
        message: noPipeline(id, list),
        severity: "error",
      },
    ],
  })

const planOf = (
  draft: Draft,
  source: Source,
  plans: ReadonlyMap<string, Plan>,
  warnings: ReadonlyArray<Diagnostic>,
): Plan => {
  const nested = [...plans.values()]
  const steps = [...draft.steps.values()].map((step) => [step.id, stepOf(draft, step)] as const)
  const sources = [source, ...nested.flatMap((plan) => plan.sources)]
  return {
    id: draft.id,
    file: source.file,
    description: draft.description,
    run: draft.run.map(({ step }) => step),
    inputs: draft.inputs,
    prompt: draft.prompt,
    steps: new Map(steps.filter((entry): entry is readonly [string, PlanStep] => entry[1] !== undefined)),
    pipelines: plans,
    sources: [...new Map(sources.map((one) => [one.id, one])).values()],
    warnings: sorted([...warnings, ...nested.flatMap((plan) => plan.warnings)]),
  }
}

/** Undefined only where lint has found an error. */
const stepOf = (draft: Draft, step: DraftStep): PlanStep | undefined => {
  const { kind, config, id, type, own, when, whens, references } = step
  if (kind === undefined || config === undefined) return undefined
  const { line, column } = draft.document.at(["step", id])
  const around = references.length > 0 || type === "pipeline"
  return {
    id,
    type,
    kind,
    config: config.value,
    modifiers: resolved({ type, own, defaults: draft.defaults, when, around }),
    whens,
    at: `${draft.document.file}:${line}:${column}`,
  }
}
