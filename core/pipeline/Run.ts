/** Walks a plan: each step under its `when`, its limits and its `retry`. */
import { Duration, Effect, Result, Schema } from "effect"
import type { ConditionHandle } from "../plugin/Catalogue.ts"
import type * as Failure from "../plugin/Failure.ts"
import type { StepAnswer, StepContext } from "../plugin/Step.ts"
import { attempts } from "./Attempts.ts"
import {
  count,
  type Frame,
  type Gate,
  inOrder,
  type Inside,
  labelOf,
  remember,
  say,
  unique,
} from "./Frame.ts"
import type { Plan, PlanStep, When } from "./Plan.ts"
import * as Template from "./Template.ts"
import { evaluate } from "./When.ts"
import type { Limits, World } from "./World.ts"

/**
 * Runs the contents page and gives the answer of the last step that was not skipped; an empty one, by "", when all were.
 *
 * Deterministic given what `world` recorded: executed anew after a restart it asks for the same names, gets the same
 * results and decides the same. `agents` says who can resume a session; without it a repair turn starts afresh.
 */
export const run = Effect.fn("Pipeline.run")(function* (
  plan: Plan,
  world: World,
  conditions: ReadonlyMap<string, ConditionHandle>,
  agents: Frame["agents"] = new Map(),
): Effect.fn.Return<StepAnswer, Failure.Failure> {
  const answer = yield* inOrder(enter, top(plan, world, conditions, agents), plan.run)
  return answer ?? { text: "", by: "" }
})

const top = (plan: Plan, world: World, conditions: Frame["conditions"], agents: Frame["agents"]): Frame => ({
  plan,
  world,
  conditions,
  agents,
  prefix: "",
  point: "",
  input: world.run.input,
  answers: new Map(),
  outputs: new Map(),
  used: new Map(),
  previous: undefined,
  note: "",
  loop: undefined,
})

const enter: Inside["enter"] = (frame, id) =>
  Effect.flatMap(gate(frame, id), (gate) =>
    gate.skipped === undefined ? gate.go : Effect.succeed(undefined),
  )

/** The step's own frame: its point is unique in the run, also when its parent runs it twice. */
const below = (frame: Frame, id: string): Frame => ({
  ...frame,
  point: unique(frame, frame.point === "" ? id : `${frame.point}/${id}`),
})

const gate: Inside["gate"] = Effect.fnUntraced(function* (outer, id): Effect.fn.Return<
  Gate,
  Failure.Failure
> {
  const step = outer.plan.steps.get(id)
  if (step === undefined) return yield* Effect.die(new Error(`plan "${outer.plan.id}" has no step "${id}"`))
  const frame = below(outer, id)
  const go = proceed(outer, frame, step)
  if (step.modifiers.when === undefined) return { skipped: undefined, go }
  const asked = yield* Effect.result(holds(frame, step, "when", step.modifiers.when))
  if (Result.isFailure(asked)) return yield* failed(frame, step, asked.failure)
  const verdict = asked.success
  if (verdict.holds) return { skipped: undefined, go }
  yield* say(frame, step, "step_skipped", { because: verdict.because })
  return { skipped: verdict.because }
})

const proceed = Effect.fnUntraced(function* (
  outer: Frame,
  frame: Frame,
  step: PlanStep,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  yield* say(frame, step, "step_started", { type: step.type })
  const result = yield* Effect.result(attempts(frame, step, body))
  if (Result.isFailure(result)) return yield* failed(frame, step, result.failure)
  const answer = result.success
  if (answer === undefined)
    yield* say(frame, step, "step_skipped", { because: "every step in it was skipped" })
  else {
    remember(outer, step.id, answer)
    yield* say(frame, step, "step_succeeded", {})
  }
  return answer
})

const failed = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  cause: Failure.Failure,
): Effect.fn.Return<never, Failure.Failure> {
  const failure = cause.with({ step: labelOf(frame, step) })
  yield* say(frame, step, "step_failed", { failure: failure.facts })
  return yield* failure
})

const body = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const inside = insideOf(frame, step)
  if (step.kind.plugin !== "core") {
    const { text, data } = yield* step.kind.run(step.config, inside.outside)
    return { text, ...(data === undefined ? {} : { data }), by: inside.label }
  }
  // Core's kinds answer with more than the contract asks of a plugin's: see `coreKind`.
  return (yield* step.kind.run(step.config, inside)) as StepAnswer | undefined
})

const VerdictRecord = Schema.Struct({
  holds: Schema.Boolean,
  because: Schema.String,
  checks: Schema.Array(
    Schema.Struct({ condition: Schema.String, holds: Schema.Boolean, because: Schema.String }),
  ),
})

const holds = Effect.fnUntraced(function* (frame: Frame, step: PlanStep, name: string, when: When) {
  const asked = evaluate(
    when,
    { conditions: frame.conditions },
    { ...common(frame), step: labelOf(frame, step), previous: frame.previous },
  )
  const verdict = yield* frame.world.once(`${frame.point}:${name}`, VerdictRecord, asked)
  for (const check of verdict.checks) yield* say(frame, step, "condition_evaluated", check)
  return verdict
})

const common = ({ world, input }: Frame) => ({
  run_id: world.run.run_id,
  cwd: world.run.cwd,
  project: world.run.project,
  input,
})

/** Where a kind has no limit of its own, as in a plugin's. */
const TIMEOUT = Duration.minutes(30)

const limitsOf = ({ modifiers }: PlanStep): Limits => ({
  timeout: modifiers.timeout ?? TIMEOUT,
  stall: modifiers.stall,
  patience: modifiers.patience,
})

/** The first start of a step has the name of its point; a repair turn, or a kind that starts more, adds `+2`. */
const startName = (frame: Frame): string => {
  const nth = count(frame, `${frame.point}:start`)
  return nth === 1 ? frame.point : `${frame.point}+${nth}`
}

const insideOf = (frame: Frame, step: PlanStep): Inside & { readonly outside: StepContext } => {
  const { world } = frame
  const [label, limits] = [labelOf(frame, step), limitsOf(step)]
  const outside: StepContext = {
    ...common(frame),
    id: step.id,
    render: (template) => render(frame, template),
    step: (id) => enter(frame, id),
    agent: (call) => world.attempt(startName(frame), label, call, limits),
    command: (command) => world.command(startName(frame), label, command, limits),
    once: (name, result, effect) => world.once(`${frame.point}.${name}`, result, effect),
    say: (type, data) => say(frame, step, type, data),
  }
  const asked = (name: string, when: When) => holds(frame, step, name, when)
  return { ...outside, outside, frame, self: step, label, limits, enter, gate, holds: asked }
}

const render = ({ input, answers, world: { run }, previous, loop }: Frame, template: string) =>
  Template.fill(template, {
    input,
    steps: (id) => answers.get(id),
    run: { id: run.run_id, prompt: run.prompt },
    project: run.project,
    failure: previous,
    loop,
  })
