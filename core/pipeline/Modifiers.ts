/** The keys that every kind of step takes: when it runs, how long it may take, how often it is repeated. */
import { Duration, Schema } from "effect"
import { FailureClass } from "../plugin/Failure.ts"
import * as Field from "../plugin/Field.ts"
import type { Modifiers, Retry } from "./Plan.ts"

export const RetryTable = Schema.Struct({
  times: Field.required(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }, { expected: "0 to 20" })),
    "How often it is repeated after the first attempt.",
  ),
  base: Field.withDefault(Field.Span, "2 seconds", "The first pause; each further one is twice as long."),
  max: Field.withDefault(
    Field.Span,
    "1 minute",
    "The longest pause. A vendor that asks for a longer one is not waited for: the failure stands.",
  ),
  jitter: Field.withDefault(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }, { expected: "0 to 1" })),
    0.2,
    "The share of a pause that is random.",
  ),
  on: Field.optional(
    Schema.Array(FailureClass).check(Schema.isMinLength(1)),
    "Failure classes that are repeated. Left out: rate_limited, overloaded, network.",
  ),
}).check(
  Schema.makeFilter(
    ({ base, max }) =>
      Duration.isLessThanOrEqualTo(base, max) || { path: ["base"], issue: "must not be longer than max" },
  ),
)

const limits = {
  timeout: Field.optional(
    Field.Span,
    "How long one attempt may take. Left out: 30 minutes for an agent, 10 minutes for a verify step.",
  ),
  stall: Field.optional(Field.Span, "How long an attempt may be silent."),
  patience: Field.optional(
    Field.Span,
    "How long an agent may keep trying after an early sign of failure. Left out: 15 seconds.",
  ),
  retry: Field.optional(RetryTable, "Repeats failed attempts."),
  isolation: Field.optional(
    Schema.Literals(["in_place"]),
    "Where the step works. `in_place`: in the project's own folder.",
  ),
}

/** What `[defaults]` may say. */
export const Defaults = Schema.Struct(limits)
export type Defaults = typeof Defaults.Type

/** What each step may say. The condition table is decoded by `When`, which knows the conditions. */
export const StepModifiers = Schema.Struct({
  when: Field.optional(
    Schema.Record(Schema.String, Schema.Unknown),
    "Conditions that all hold, or the step is skipped.",
  ),
  ...limits,
})
export type StepModifiers = typeof StepModifiers.Type

export const names: ReadonlyArray<string> = Object.keys(StepModifiers.fields)

/** Keys and values that are designed and not built, with what to do until then. */
export const notYet = (key: string, value: unknown): string | undefined => {
  if (key === "guard")
    return 'not yet: the next candidate finds the tree as the failed one left it. Until then make the next candidate a sequence that starts with a verify step running ["git", "stash", "--include-untracked"]'
  if (key === "isolation" && value === "worktree")
    return "not yet: steps work in the folder of the run. Until then make the worktree yourself and dispatch with --cwd"
  return undefined
}

const PATIENCE = Duration.seconds(15)
const TIMEOUTS: Readonly<Record<string, Duration.Duration>> = {
  agent: Duration.minutes(30),
  verify: Duration.minutes(10),
}

export interface Written {
  readonly type: string
  readonly own: Omit<StepModifiers, "when">
  readonly defaults: Defaults
  readonly when: Modifiers["when"]
  /** A step around other steps takes nothing from `[defaults]`: the limits there are meant for each of those. */
  readonly around: boolean
}

/** What holds for a step after `[defaults]` and the hub's own values. */
export const resolved = ({ type, own, defaults, when, around }: Written): Modifiers => {
  const given = around ? own : { ...defaults, ...own }
  return {
    when,
    timeout: given.timeout ?? TIMEOUTS[type],
    stall: given.stall,
    patience: given.patience ?? PATIENCE,
    retry: given.retry === undefined ? undefined : retry(given.retry),
  }
}

const retry = ({ on, ...rest }: typeof RetryTable.Type): Retry => ({
  ...rest,
  on: on === undefined ? undefined : new Set(on),
})
