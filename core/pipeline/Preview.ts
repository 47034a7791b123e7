/** What a pipeline would do now, and why. Starts nothing but the programs that conditions ask. */
import { Effect, Result, Schema } from "effect"
import type { ConditionContext } from "../plugin/Condition.ts"
import { Processes } from "../services/Processes.ts"
import { Secrets } from "../services/Secrets.ts"
import { formatPath } from "../toml/Toml.ts"
import { conditionsOf, configOf, label, nestedPlan } from "./Label.ts"
import type { PlanStep, When } from "./Plan.ts"
import * as Work from "./preview/Work.ts"
import { type Check, evaluate, type Judgement } from "./When.ts"

/** `later`: depends on what happens before. `fails`: would fail as things are. */
export const Outcome = Schema.Literals(["runs", "skipped", "fails", "later"])
export type Outcome = typeof Outcome.Type

export const PreviewStep = Schema.Struct({
  step: Schema.String,
  /** 0 for the steps of the contents page. */
  depth: Schema.Int,
  /** Type and what matters of it: `agent claude, opus`. */
  label: Schema.String,
  outcome: Outcome,
  because: Schema.String,
  conditions: Schema.Array(
    Schema.Struct({ condition: Schema.String, holds: Schema.Boolean, because: Schema.String }),
  ),
  /** Program and arguments as they are known now: answers of earlier steps are `…`, long texts are cut, secrets redacted. */
  argv: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type PreviewStep = typeof PreviewStep.Type

export const Preview = Schema.Struct({
  pipeline: Schema.String,
  file: Schema.String,
  steps: Schema.Array(PreviewStep),
})
export type Preview = typeof Preview.Type

export type Request = Work.Request

const MAX_STEPS = 1_000

export const preview = Effect.fn("Pipeline.preview")(function* (
  request: Request,
): Effect.fn.Return<Preview, never, Processes | Secrets> {
  const { plan } = request
  const walk: Walk = {
    ...request,
    found: [],
    passed: new Map(),
    depth: 0,
    processes: yield* Processes,
    secrets: yield* Secrets,
  }
  yield* each(walk, plan.run, undefined)
  return { pipeline: plan.id, file: plan.file, steps: walk.found }
})

/** One step a line, its conditions and its argv below it. */
export const text = ({ pipeline, file, steps }: Preview): string => {
  const width = Math.max(...steps.map(({ step, depth }) => step.length + 2 * depth), 0)
  const lines = steps.flatMap(({ step, depth, label, outcome, because, argv }) => {
    const indent = "  ".repeat(depth)
    const reason = because === "" ? "" : `: ${because}`
    const command = argv === undefined ? [] : [`${indent}    ${argv.map(shown).join(" ")}`]
    return [`${`${indent}${step}`.padEnd(width)}  ${label}  ${outcome}${reason}`, ...command]
  })
  return [`${pipeline}  ${file}`, ...lines].join("\n")
}

const shown = (arg: string) => (/^[\w@%+=:,./…-]+$/.test(arg) ? arg : JSON.stringify(arg))

interface Walk extends Request {
  readonly found: Array<PreviewStep>
  /** Until when candidates that were passed over are cooling, by their place in `found`. */
  readonly passed: Map<number, number>
  readonly depth: number
  readonly processes: Processes["Service"]
  readonly secrets: Secrets["Service"]
}

/** What is known about a step before it is looked at. */
interface Given {
  readonly outcome: "skipped" | "later"
  readonly because: string
}

type Looked = Effect.Effect<Outcome>

const each = Effect.fnUntraced(function* (walk: Walk, ids: ReadonlyArray<string>, given: Given | undefined) {
  for (const id of ids) yield* look(walk, id, given)
})

const look = (walk: Walk, id: string, given: Given | undefined, candidate = false): Looked =>
  Effect.suspend(() => {
    const step = walk.plan.steps.get(id)
    if (step === undefined || walk.found.length >= MAX_STEPS) return Effect.succeed("skipped")
    return lookAt(walk, step, given, candidate)
  })

const lookAt = Effect.fnUntraced(function* (
  walk: Walk,
  step: PlanStep,
  given: Given | undefined,
  candidate: boolean,
): Effect.fn.Return<Outcome> {
  const gate = given?.outcome === "skipped" ? { ...given, checks: [] } : yield* ask(walk, step)
  const work = yield* Work.of(walk, step)
  const [outcome, because] = settled(gate, given, work, candidate)
  const conditions = [...gate.checks]
  const { argv } = work
  const entry = {
    step: step.id,
    depth: walk.depth,
    label: label(step),
    outcome,
    because,
    conditions,
    ...(argv && { argv }),
  }
  const place = walk.found.push(entry) - 1
  if (candidate && outcome === "skipped" && gate.outcome === undefined && work.cooling)
    walk.passed.set(place, work.cooling.until)
  const inside = outcome === "skipped" ? "skipped" : given?.outcome
  const below = { ...walk, depth: walk.depth + 1 }
  const inner = yield* within(below, step, inside && { outcome: inside, because: "" }, conditions)
  if (outcome !== "runs" || inner === "runs") return outcome
  walk.found[place] = {
    ...entry,
    outcome: inner,
    because: inner === "fails" ? "nothing in it can start" : "no case holds",
  }
  return inner
})

interface Gate {
  readonly outcome: "skipped" | "fails" | "later" | undefined
  readonly because: string
  readonly checks: ReadonlyArray<Check>
}

const ask = Effect.fnUntraced(function* (walk: Walk, step: PlanStep): Effect.fn.Return<Gate> {
  const { when } = step.modifiers
  if (when === undefined) return { outcome: undefined, because: "", checks: [] }
  const judged = yield* Effect.result(evaluate(when, walk.catalogue, contextOf(walk, step.id)))
  if (Result.isFailure(judged)) return { outcome: "fails", because: judged.failure.message, checks: [] }
  const { holds, because, checks } = judged.success
  return { outcome: holds ? undefined : "skipped", because, checks }
})

const contextOf = (walk: Walk, step: string): ConditionContext => ({
  run_id: "preview",
  step,
  cwd: walk.cwd,
  project: walk.project,
  input: walk.input,
})

const settled = (
  gate: Gate,
  given: Given | undefined,
  work: Work.Work,
  candidate: boolean,
): readonly [Outcome, string] => {
  if (given?.outcome === "later")
    return ["later", [given.because, gate.because, work.broken].filter(Boolean).join("; ")]
  if (gate.outcome !== undefined) return [gate.outcome, gate.because]
  if (work.cooling !== undefined && candidate) return ["skipped", Work.cools(work.cooling)]
  if (work.broken !== undefined) return ["fails", work.broken]
  return ["runs", [gate.because, work.cooling && Work.cools(work.cooling)].filter(Boolean).join("; ")]
}

/** The steps inside a step. Gives what becomes of the step through them; conditions asked on the way are added. */
const within = Effect.fnUntraced(function* (
  walk: Walk,
  step: PlanStep,
  given: Given | undefined,
  conditions: Array<Check>,
): Effect.fn.Return<Outcome> {
  const plan = nestedPlan(walk.plan, step)
  if (plan !== undefined) {
    const { input } = configOf(step)
    yield* each({ ...walk, plan, input: (input ?? {}) as Request["input"] }, plan.run, given)
    return "runs"
  }
  if (step.whens.size > 0) return yield* cases(walk, step, given, conditions)
  const ids = step.kind.steps(step.config).map((reference) => reference.step)
  if (step.type === "fallback") return yield* candidates(walk, ids, given)
  yield* each(walk, ids, given)
  return "runs"
})

/**
 * The first that can start is what runs; the others wait for it to fail. When all that is left is cooling, the one
 * that cools the shortest runs after all, as it does in a run.
 */
const candidates = Effect.fnUntraced(function* (
  walk: Walk,
  ids: ReadonlyArray<string>,
  given: Given | undefined,
) {
  let chosen: string | undefined
  let failed = false
  const start = walk.found.length
  for (const id of ids) {
    const after: Given | undefined =
      chosen === undefined ? undefined : { outcome: "later", because: `only when ${chosen} fails` }
    const asksBefore = conditionsOf(walk.plan.steps.get(id)?.modifiers.when ?? NONE).includes("failed")
    const unsure: Given | undefined =
      asksBefore && id !== ids[0]
        ? { outcome: "later", because: "depends on how the candidate before it fails" }
        : undefined
    const outcome = yield* look(walk, id, given ?? unsure ?? after, true)
    if (outcome === "runs") chosen ??= id
    failed ||= outcome === "fails"
  }
  if (chosen !== undefined || given !== undefined) return "runs" as const
  return !failed && soonest(walk, start) ? ("runs" as const) : ("fails" as const)
})

const soonest = ({ found, passed }: Walk, start: number): boolean => {
  const [place] = [...passed].filter(([at]) => at >= start).sort(([, a], [, b]) => a - b)[0] ?? []
  const entry = place === undefined ? undefined : found[place]
  if (place === undefined || entry === undefined) return false
  found[place] = { ...entry, outcome: "runs", because: `${entry.because}; nothing else is left` }
  return true
}

const NONE = { kind: "all", of: [] } as const

/** The first whose condition holds is what runs; so is what stands beside the cases when none does. */
const cases = Effect.fnUntraced(function* (
  walk: Walk,
  step: PlanStep,
  given: Given | undefined,
  conditions: Array<Check>,
): Effect.fn.Return<Outcome> {
  let chosen = false
  for (const { at, step: id } of step.kind.steps(step.config)) {
    const when = step.whens.get(formatPath([...at.slice(0, -1), "when"]))
    const judged: Judgement =
      when === undefined || chosen || given !== undefined ? HOLDS : yield* judge(walk, step, when)
    conditions.push(...judged.checks)
    const reason: Given | undefined = chosen
      ? { outcome: "skipped", because: "a case before it holds" }
      : judged.holds
        ? undefined
        : { outcome: "skipped", because: judged.because }
    yield* look(walk, id, given ?? reason)
    chosen ||= given === undefined && judged.holds
  }
  return chosen || given !== undefined ? "runs" : "skipped"
})

const HOLDS: Judgement = { holds: true, because: "", checks: [] }

/** A condition that cannot be asked does not hold here; the run itself would fail with it. */
const judge = (walk: Walk, step: PlanStep, when: When): Effect.Effect<Judgement> =>
  evaluate(when, walk.catalogue, contextOf(walk, step.id)).pipe(
    Effect.catch((failed) => Effect.succeed({ holds: false, because: failed.message, checks: [] })),
  )
