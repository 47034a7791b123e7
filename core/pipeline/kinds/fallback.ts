/** `fallback`: candidates from left to right, until one succeeds. */
import { Effect, Result, Schema } from "effect"
import type { StepAnswer } from "../../plugin/Step.ts"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import { allows, moves_on } from "../Classes.ts"
import { coreKind, type Frame, type Gate, type Inside } from "../Frame.ts"
import type { Plan } from "../Plan.ts"
import type { Cooling } from "../World.ts"

const Config = Schema.Struct({
  try: Field.required(
    Schema.NonEmptyArray(Schema.String).check(
      Schema.isMinLength(2, { message: "needs two or more candidates" }),
    ),
    "The candidates, in the order they are tried.",
  ),
  on: Field.optional(
    Schema.NonEmptyArray(Failure.FailureClass),
    "Failure classes that move on to the next candidate, in place of the default set.",
  ),
  carry: Field.withDefault(
    Schema.Boolean,
    false,
    "Tell the next candidate, after its prompt, what the one before it failed with.",
  ),
})

/**
 * Answers with the first success. Moves on past a failure only for a class in `on`; any other ends the step at once.
 * Candidates whose `when` does not hold are skipped, and a spent nested fallback always moves on.
 *
 * A cooling agent is skipped at once. When that leaves nothing that was tried, the one that cools the shortest
 * is tried after all: better a request that may fail than a run that fails without one.
 *
 * Prompts stay exactly as they are written, unless `carry` is true: the tree as the failed candidate left it speaks for itself.
 */
export const fallback = coreKind({
  type: "fallback",
  summary:
    "Tries steps from left to right and answers with the first success; fails with the failure of each.",
  config: Config,
  steps: (config) => config.try.map((step, index) => ({ at: ["try", index], step })),
  run: Effect.fnUntraced(function* (config, inside) {
    const story: Story = { tried: [], said: [], waiting: [], previous: undefined }
    for (const [index, id] of config.try.entries()) {
      const answer = yield* consider({ id, index }, config, inside, story)
      if (answer !== undefined) return answer
    }
    const soonest = story.waiting.toSorted((a, b) => a.until - b.until)[0]
    if (story.tried.length === 0 && soonest !== undefined) {
      const because = "nothing else is left, and it cools the shortest"
      const answer = yield* start({ ...soonest.candidate, because }, soonest.go, config, inside, story)
      if (answer !== undefined) return answer
    }
    return yield* spent(inside, story)
  }),
})

interface Candidate {
  readonly id: string
  readonly index: number
  /** Why it is tried, when not because it is next. */
  readonly because?: string
}

type Go = Effect.Effect<StepAnswer | undefined, Failure.Failure>

/** What happened so far in one execution of a fallback. */
interface Story {
  readonly tried: Array<Failure.FailureFacts>
  /** One clause for each candidate, for the message of the spent fallback. */
  readonly said: Array<string>
  readonly waiting: Array<{ readonly candidate: Candidate; readonly go: Go; readonly until: number }>
  previous: Failure.Failure | undefined
}

/** Skips the candidate or starts it. `undefined`: on to the next. */
const consider = Effect.fnUntraced(function* (
  candidate: Candidate,
  config: typeof Config.Type,
  inside: Inside,
  story: Story,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const gated = yield* Effect.result(inside.gate(frameFor(config, inside, story), candidate.id))
  if (Result.isFailure(gated)) return yield* leave(candidate, gated.failure, config, inside, story)
  const gate: Gate = gated.success
  if (gate.skipped !== undefined) return yield* skip(candidate, gate.skipped, undefined, inside, story)
  const cooling = yield* coolingOf(inside, candidate.id)
  if (cooling === undefined) return yield* start(candidate, gate.go, config, inside, story)
  story.waiting.push({ candidate, go: gate.go, until: cooling.until })
  return yield* skip(
    candidate,
    `cooling after ${cooling.class}: ${cooling.because}`,
    cooling.until,
    inside,
    story,
  )
})

const start = Effect.fnUntraced(function* (
  candidate: Candidate,
  go: Go,
  config: typeof Config.Type,
  inside: Inside,
  story: Story,
): Effect.fn.Return<StepAnswer | undefined, Failure.Failure> {
  const agent = agentOf(inside.frame.plan, candidate.id)?.agent
  yield* inside.say("candidate_chosen", {
    candidate: inside.frame.prefix + candidate.id,
    ...(agent === undefined ? {} : { agent }),
    index: candidate.index,
    of: config.try.length,
    ...(candidate.because === undefined ? {} : { because: candidate.because }),
  })
  const result = yield* Effect.result(go)
  if (Result.isFailure(result)) return yield* leave(candidate, result.failure, config, inside, story)
  if (result.success !== undefined) return result.success
  return yield* skip(candidate, "every step in it was skipped", undefined, inside, story)
})

const skip = Effect.fnUntraced(function* (
  { id }: Candidate,
  because: string,
  cooling_until: number | undefined,
  inside: Inside,
  story: Story,
) {
  story.said.push(`${id} was skipped (${because})`)
  yield* inside.say("candidate_skipped", {
    candidate: inside.frame.prefix + id,
    because,
    ...(cooling_until === undefined ? {} : { cooling_until }),
  })
  return undefined
})

/** Notes the failure and moves on, or fails with it. */
const leave = Effect.fnUntraced(function* (
  { id }: Candidate,
  failure: Failure.Failure,
  config: typeof Config.Type,
  inside: Inside,
  story: Story,
): Effect.fn.Return<undefined, Failure.Failure> {
  const rule = ruleFor(failure, config, inside)
  story.tried.push(...(failure.tried ?? [failure.facts]))
  story.said.push(`${id}: ${failure.class} (${failure.message})`)
  story.previous = failure
  yield* inside.say("candidate_left", {
    candidate: inside.frame.prefix + id,
    class: failure.class,
    because: rule.because,
    failure: failure.facts,
  })
  if (rule.moves) return undefined
  // What the earlier candidates failed with is not lost, though only this one decides.
  return yield* story.tried.length > 1 ? failure.with({ tried: story.tried }) : failure
})

const ruleFor = (failure: Failure.Failure, { on }: typeof Config.Type, inside: Inside) => {
  const never = moves_on[failure.class] === "never"
  if (!never && isSpent(inside.frame.plan, inside.frame.prefix, failure))
    return { moves: true, because: "a spent fallback always moves on" }
  const moves = allows(moves_on, on === undefined ? undefined : new Set(on), failure.class)
  if (never) return { moves, because: `${failure.class} never moves on: a person decided` }
  const set = on === undefined ? "by default" : `by on = [${on.join(", ")}]`
  return { moves, because: `${failure.class} ${moves ? "moves on" : "ends the fallback"} ${set}` }
}

/** Did a fallback of this plan, or of a pipeline in it, run out of candidates? */
const isSpent = (plan: Plan, prefix: string, failure: Failure.Failure): boolean => {
  if (failure.tried === undefined || !failure.step?.startsWith(prefix)) return false
  const path = failure.step.slice(prefix.length).split("/")
  const last = path.pop()!
  const owner = path.reduce<Plan | undefined>((here, id) => nestedIn(here, id), plan)
  return owner?.steps.get(last)?.type === "fallback"
}

const nestedIn = (plan: Plan | undefined, id: string): Plan | undefined => {
  const config = plan?.steps.get(id)?.config as { readonly pipeline?: string } | undefined
  return config?.pipeline === undefined ? undefined : plan?.pipelines.get(config.pipeline)
}

const spent = (inside: Inside, story: Story): Failure.Failure => {
  const said = story.said.join("; ")
  const last = story.previous
  return last === undefined
    ? Failure.of("refused", `No candidate could be tried: ${said}.`, { step: inside.label, tried: [] })
    : Failure.of(last.class, `No candidate is left: ${said}.`, { step: inside.label, tried: story.tried })
}

const LONGEST_NOTE = 4_000

const frameFor = (config: typeof Config.Type, { frame }: Inside, { previous }: Story): Frame =>
  previous === undefined
    ? frame
    : { ...frame, previous: previous.facts, note: config.carry ? noteOf(previous) : frame.note }

const noteOf = (failure: Failure.Failure): string => {
  const who = failure.agent ?? failure.step ?? "the step before"
  const evidence = failure.evidence ?? []
  const seen = evidence.length === 0 ? "" : `\nIts last output:\n${evidence.join("\n")}`
  const note =
    `[From the hub: "${who}" was asked this before you and ended with ${failure.class}: ${failure.message} ` +
    `What it changed in the working folder is still there.]${seen}`
  return note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note
}

const CoolingRecord = Schema.NullOr(
  Schema.Struct({ until: Schema.Number, class: Failure.FailureClass, because: Schema.String }),
)

const coolingOf = Effect.fnUntraced(function* (
  { frame }: Inside,
  id: string,
): Effect.fn.Return<Cooling | undefined, Failure.Failure> {
  const asked = agentOf(frame.plan, id)
  if (asked === undefined) return undefined
  const cooling = Effect.map(frame.world.cooling(asked.agent, asked.model), (one) => one ?? null)
  return (yield* frame.world.once(`${frame.point}/${id}:cooling`, CoolingRecord, cooling)) ?? undefined
})

/** The agent that a candidate asks, when it is an agent step itself. */
const agentOf = (plan: Plan, id: string) => {
  const step = plan.steps.get(id)
  return step?.type === "agent"
    ? (step.config as { readonly agent: string; readonly model?: string | undefined })
    : undefined
}
