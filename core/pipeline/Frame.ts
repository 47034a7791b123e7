/** Where a step stands while its plan is walked, and what the kinds of core see of it. */
import { Effect, Schema } from "effect"
import type { AgentHandle, ConditionHandle, StepHandle } from "../plugin/Catalogue.ts"
import type { Verdict } from "../plugin/Condition.ts"
import type { Failure, FailureFacts } from "../plugin/Failure.ts"
import type { StepAnswer, StepContext, StepKind } from "../plugin/Step.ts"
import type { Plan, PlanStep, When } from "./Plan.ts"
import type { Limits, World } from "./World.ts"

export interface Loop {
  readonly round: number
  /** What the last check printed; empty in the first round. */
  readonly check: string
}

/** A place in one execution of a plan. Kinds make the frames of their children by spreading their own. */
export interface Frame {
  readonly plan: Plan
  readonly world: World
  readonly conditions: ReadonlyMap<string, ConditionHandle>
  readonly agents: ReadonlyMap<string, Pick<AgentHandle, "supports">>
  /** Set before the ids of a nested pipeline's steps: `ship/`. */
  readonly prefix: string
  /** The execution point, see `World`. Empty at the top. */
  readonly point: string
  readonly input: Readonly<Record<string, unknown>>
  /** By step id, the newest last. Steps that run side by side have a copy each. */
  readonly answers: Map<string, StepAnswer>
  /** What failed checks printed, by step id. */
  readonly outputs: Map<string, string>
  /** How often each name was given out in this execution. */
  readonly used: Map<string, number>
  /** The failure of the candidate before this one. */
  readonly previous: FailureFacts | undefined
  /** Set after the prompts of the agents below. Empty: prompts are exactly the user's. */
  readonly note: string
  readonly loop: Loop | undefined
}

/** What a step decided before it starts. */
export type Gate =
  | { readonly skipped: string }
  | { readonly skipped: undefined; readonly go: Effect.Effect<StepAnswer | undefined, Failure> }

/** The context of core's own kinds. A plugin's kind gets the `StepContext` part alone. */
export interface Inside extends StepContext {
  readonly frame: Frame
  readonly self: PlanStep
  /** The step's id as it is shown outside: with the prefix of a nested pipeline. */
  readonly label: string
  readonly limits: Limits
  /** Runs a step of the frame's plan. `undefined`: it was skipped. */
  readonly enter: Enter
  /** Asks the step's `when`, without starting it. */
  readonly gate: (frame: Frame, id: string) => Effect.Effect<Gate, Failure>
  /** Asks a condition table once for this run, and says so. */
  readonly holds: (name: string, when: When) => Effect.Effect<Verdict, Failure>
}

export type Enter = (frame: Frame, id: string) => Effect.Effect<StepAnswer | undefined, Failure>

interface CoreKind<C extends Schema.Top> extends Omit<StepKind<C>, "run"> {
  /** `undefined`: everything in it was skipped, so it counts as skipped itself. */
  readonly run: (config: C["Type"], inside: Inside) => Effect.Effect<StepAnswer | undefined, Failure>
}

/** One of core's kinds as the catalogue lists it. The interpreter hands `Inside` to whatever is listed under `core`. */
export const coreKind = <C extends Schema.Codec<unknown, unknown>>(kind: CoreKind<C>): StepHandle => ({
  plugin: "core",
  type: kind.type,
  summary: kind.summary,
  config: kind.config,
  steps: (config) => kind.steps?.(config) ?? [],
  templates: (config) => kind.templates?.(config) ?? [],
  run: kind.run as never,
})

/** The steps one after the other, with the answer of the last one that was not skipped. */
export const inOrder = Effect.fnUntraced(function* (enter: Enter, frame: Frame, ids: ReadonlyArray<string>) {
  let last: StepAnswer | undefined
  for (const id of ids) last = (yield* enter(frame, id)) ?? last
  return last
})

/** The newest answer counts as the previous step's. */
export const remember = (frame: Frame, id: string, answer: StepAnswer): void => {
  frame.answers.delete(id)
  frame.answers.set(id, answer)
}

/** A frame whose steps add answers of their own, to be merged by `merge` once they count. */
export const apart = (frame: Frame): Frame => ({ ...frame, answers: new Map(frame.answers) })

/** What was answered in `inner` since `apart`. */
export const added = (outer: Frame, inner: Frame): Readonly<Record<string, AnswerRecord>> => {
  const own = Array.from(inner.answers).filter(([id, answer]) => outer.answers.get(id) !== answer)
  return Object.fromEntries(own.map(([id, answer]) => [id, recordOf(answer)]))
}

export const merge = (frame: Frame, answers: Readonly<Record<string, StepAnswer>>): void => {
  for (const [id, answer] of Object.entries(answers)) remember(frame, id, answer)
}

/** A name that is given out once: `a`, then `a#2`. The order of asking is the same in each execution. */
export const unique = (frame: Frame, name: string): string => {
  const nth = count(frame, name)
  return nth === 1 ? name : `${name}#${nth}`
}

export const count = (frame: Frame, name: string): number => {
  const nth = (frame.used.get(name) ?? 0) + 1
  frame.used.set(name, nth)
  return nth
}

/** A step's answer as it is recorded. */
export const AnswerRecord = Schema.Struct({
  text: Schema.String,
  truncated: Schema.optionalKey(Schema.Boolean),
  data: Schema.optionalKey(Schema.Unknown),
  session_id: Schema.optionalKey(Schema.String),
  usage: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
  by: Schema.String,
  answers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
})

export type AnswerRecord = typeof AnswerRecord.Type

/** Without keys that are there but undefined, which no record can hold. */
export const recordOf = (answer: StepAnswer): AnswerRecord =>
  Object.fromEntries(Object.entries(answer).filter(([, field]) => field !== undefined)) as AnswerRecord

/** As it is shown outside: with the prefix of a nested pipeline. */
export const labelOf = (frame: Frame, step: PlanStep) => frame.prefix + step.id

/** Tells an event of the step, once, also when the run is executed anew. */
export const say = (frame: Frame, step: PlanStep, type: string, data: Readonly<Record<string, unknown>>) =>
  frame.world.say(unique(frame, `${frame.point}.${type}`), [{ type, step: labelOf(frame, step), data }])
