/** Walks a plan: each step under its `when`, its limits and its `retry`. */
import { Clock, Duration, Effect, Random, Result, Schema } from "effect"
import type { ConditionHandle } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { StepAnswer, StepContext } from "../plugin/Step.ts"
import { added, AnswerRecord, apart, type Frame, type Gate, type Inside, inOrder } from "./Frame.ts"
import { count, merge, recordOf, remember, unique } from "./Frame.ts"
import type { Plan, PlanStep, Retry, When } from "./Plan.ts"
import * as Pause from "./Retry.ts"
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
  const result = yield* Effect.result(attempts(frame, step))
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

/** The first attempt, and as many more as `retry` grants. */
const attempts = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  for (let attempt = 1; ; attempt++) {
    const here = attempt === 1 ? frame : { ...frame, point: `${frame.point}~${attempt}` }
    const result = yield* Effect.result(limited(here, step))
    if (Result.isSuccess(result)) return result.success
    const again = yield* rest(here, step, result.failure, attempt)
    if (!again) return yield* result.failure
  }
})

const PauseRecord = Schema.NullOr(Schema.Struct({ pause_ms: Schema.Number, because: Schema.String }))

/** Waits before the next attempt. `false`: the failure stands. */
const rest = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  failure: Failure.Failure,
  attempt: number,
): Effect.fn.Return<boolean, Failure.Failure> {
  const { retry } = step.modifiers
  if (retry === undefined || !Pause.repeats(retry, failure, attempt)) return false
  const pause = yield* frame.world.once(`${frame.point}:pause`, PauseRecord, drawn(retry, failure, attempt))
  if (pause === null) return false
  yield* say(frame, step, "retry_scheduled", { attempt: attempt + 1, ...pause })
  yield* frame.world.sleep(`${frame.point}:rest`, Duration.millis(pause.pause_ms))
  yield* say(frame, step, "wait_ended", {})
  return true
})

const drawn = Effect.fnUntraced(function* (retry: Retry, failure: Failure.Failure, attempt: number) {
  const now = yield* Clock.currentTimeMillis
  return Pause.next(retry, failure, attempt, now, yield* Random.next) ?? null
})

/** These hand their limits to each attempt; around every other kind `timeout` is kept here. */
const keepsLimits = (step: PlanStep) =>
  step.kind.plugin === "core" && (step.type === "agent" || step.type === "verify")

const Timed = Schema.Struct({
  answer: Schema.NullOr(AnswerRecord),
  added: Schema.Record(Schema.String, AnswerRecord),
})

/** Under the step's `timeout`, which goes on while no hub lives. That it passed is recorded: what it ended is not asked again. */
const limited = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const { timeout } = step.modifiers
  if (timeout === undefined || keepsLimits(step)) return yield* body(frame, step)
  const began = yield* frame.world.once(`${frame.point}:began`, Schema.Number, Clock.currentTimeMillis)
  const timed = yield* frame.world.once(`${frame.point}:ended`, Timed, within(frame, step, timeout, began))
  merge(frame, timed.added)
  return timed.answer ?? undefined
})

const within = Effect.fnUntraced(function* (
  frame: Frame,
  step: PlanStep,
  timeout: Duration.Duration,
  began: number,
) {
  const inner = apart(frame)
  const left = Math.max(0, Duration.toMillis(timeout) - ((yield* Clock.currentTimeMillis) - began))
  const answer = yield* Effect.timeoutOrElse(body(inner, step), {
    duration: Duration.millis(left),
    orElse: () => Failure.of("timed_out", `It did not end within ${Duration.format(timeout)}.`),
  })
  return { answer: answer === undefined ? null : recordOf(answer), added: added(frame, inner) }
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

const labelOf = (frame: Frame, step: PlanStep) => frame.prefix + step.id

const say = (frame: Frame, step: PlanStep, type: string, data: Readonly<Record<string, unknown>>) =>
  frame.world.say(unique(frame, `${frame.point}.${type}`), [{ type, step: labelOf(frame, step), data }])

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
