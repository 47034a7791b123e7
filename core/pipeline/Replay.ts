/** Would today's pipeline decide the same? The plan of today over what the attempts of a recorded run gave. */
import { Clock, Deferred, Duration, Effect, Result } from "effect"
import type { Answer } from "../plugin/Agent.ts"
import type { Catalogue, ConditionHandle } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { StepAnswer } from "../plugin/Step.ts"
import type { EventDraft, RunEvent } from "../services/Events.ts"
import { type Difference, differences } from "./Difference.ts"
import type { Plan, PlanStep } from "./Plan.ts"
import * as Run from "./Run.ts"
import type { Cooling, World } from "./World.ts"

/** One attempt as it was recorded, in the order of the starts. */
export interface RecordedAttempt {
  readonly step: string
  /** Absent for a command. */
  readonly agent?: string | undefined
  /** `undefined`: it was ended from outside before it had a result. */
  readonly result: Answer | Failure.FailureFacts | undefined
  /** Of a command. */
  readonly exit_code?: number | null | undefined
  readonly duration_ms: number
}

export interface Recording {
  readonly run: World["run"]
  readonly events: ReadonlyArray<RunEvent>
  readonly attempts: ReadonlyArray<RecordedAttempt>
}

export interface Replayed {
  readonly differences: ReadonlyArray<Difference>
  /** Why the replay could not go on to the end; what came before still counts. */
  readonly stopped: string | undefined
}

/**
 * Starts nothing and waits for nothing. Each start gets the next recorded result of the same step and agent; where
 * today's plan asks what was never asked, the replay stops and says so.
 *
 * `input`, `failed` and `project` are asked anew; of other conditions, which look at a world that has changed since,
 * the recorded verdict counts where there is one. Cooling is as it was.
 */
export const replay = Effect.fn("Pipeline.replay")(function* (
  plan: Plan,
  recording: Recording,
  catalogue: Pick<Catalogue, "agents" | "conditions">,
): Effect.fn.Return<Replayed> {
  const stopped = yield* Deferred.make<string>()
  const said: Array<EventDraft> = []
  const scale = scaleOf(recording)
  const world = recordedWorld(plan, recording, said, scale, (why) => Deferred.succeed(stopped, why))
  const conditions = recordedConditions(recording.events, catalogue.conditions)
  const clock = clockOf(yield* Clock.clockWith(Effect.succeed), recording, scale)
  const running = Run.run(scaled(plan, scale), world, conditions, catalogue.agents).pipe(
    Effect.provideService(Clock.Clock, clock),
  )
  const end = yield* Effect.raceFirst(
    Effect.map(Effect.result(running), endOf),
    Effect.map(Deferred.await(stopped), (why) => ({ why, draft: undefined })),
  ).pipe(Effect.timeoutOrElse({ duration: PATIENCE, orElse: () => Effect.succeed(waiting) }))
  const today = end.draft === undefined ? said : [...said, end.draft]
  return { differences: differences(recording.events, today, end.draft !== undefined), stopped: end.why }
})

interface End {
  readonly why: string | undefined
  readonly draft: EventDraft | undefined
}

const waiting: End = {
  why: "today's pipeline waits for an attempt that was ended when the run was recorded",
  draft: undefined,
}

const endOf = (result: Result.Result<StepAnswer, Failure.Failure>): End => {
  if (Result.isSuccess(result))
    return { why: undefined, draft: { type: "run_succeeded", data: { answered_by: result.success.by } } }
  return { why: undefined, draft: { type: "run_failed", data: { failure: result.failure.facts } } }
}

/** A recorded run of any length is replayed in about this time; its waits keep their order. */
const WHOLE_MS = 300
const PATIENCE = Duration.seconds(5)

const scaleOf = ({ attempts }: Recording) =>
  Math.min(
    1,
    WHOLE_MS /
      Math.max(
        1,
        attempts.reduce((sum, { duration_ms }) => sum + duration_ms, 0),
      ),
  )

/** The time of the recording, so that "resets at" lies as far ahead as it did. */
const clockOf = (real: Clock.Clock, { events }: Recording, scale: number): Clock.Clock => {
  const [began, start] = [events[0]?.at ?? 0, real.currentTimeMillisUnsafe()]
  const now = () => began + (real.currentTimeMillisUnsafe() - start) / scale
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(Math.round(now())) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now())) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration),
  }
}

/** The limits around composite steps, at the pace of the replay. */
const scaled = (plan: Plan, scale: number): Plan => ({
  ...plan,
  steps: new Map(Array.from(plan.steps, ([id, step]) => [id, scaledStep(step, scale)])),
  pipelines: new Map(Array.from(plan.pipelines, ([id, nested]) => [id, scaled(nested, scale)])),
})

const scaledStep = (step: PlanStep, scale: number): PlanStep => {
  const { timeout } = step.modifiers
  if (timeout === undefined) return step
  return {
    ...step,
    modifiers: { ...step.modifiers, timeout: Duration.millis(Duration.toMillis(timeout) * scale) },
  }
}

/** Gives out what is listed under a key, one after the other. */
const queues = <A>(entries: ReadonlyArray<readonly [string, A]>) => {
  const all = Map.groupBy(entries, ([key]) => key)
  return (key: string): A | undefined => all.get(key)?.shift()?.[1]
}

const keyOf = (step: string, agent: string | undefined) => `${step} ${agent ?? ""}`

const recordedWorld = (
  plan: Plan,
  { run, events, attempts }: Recording,
  said: Array<EventDraft>,
  scale: number,
  stop: (why: string) => Effect.Effect<unknown>,
): World => {
  const next = queues(attempts.map((one) => [keyOf(one.step, one.agent), one] as const))
  const cooling = queues(coolings(plan, events))
  const result = (step: string, agent: string | undefined) =>
    Effect.gen(function* () {
      const found = next(keyOf(step, agent))
      const who = agent === undefined ? "its command" : `agent "${agent}"`
      if (found === undefined) yield* stop(`there is no recorded attempt of ${who} for step "${step}"`)
      if (found?.result === undefined) return yield* Effect.never
      yield* Effect.sleep(found.duration_ms * scale)
      return { ...found, result: found.result }
    })
  return {
    run,
    once: (_name, _schema, effect) => effect,
    sleep: () => Effect.void,
    attempt: (_name, step, { agent }) =>
      Effect.flatMap(result(step, agent), (found) => answered(found.result)),
    command: (_name, step) =>
      Effect.gen(function* () {
        const { exit_code, result: ended } = yield* result(step, undefined)
        const { text } = yield* answered(ended)
        return { code: exit_code ?? null, signal: null, output: text }
      }),
    cooling: (agent) => Effect.sync(() => cooling(agent)),
    session: () => Effect.succeed(undefined),
    say: (_name, drafts) => Effect.sync(() => void said.push(...drafts)),
  }
}

const answered = (result: Answer | Failure.FailureFacts): Effect.Effect<Answer, Failure.Failure> =>
  "class" in result ? Effect.fail(new Failure.Failure(result)) : Effect.succeed(result)

/** What each agent's candidates were told, in order: cooling, or not. */
const coolings = (plan: Plan, events: ReadonlyArray<RunEvent>) =>
  events.flatMap(({ type, data }): ReadonlyArray<readonly [string, Cooling | undefined]> => {
    const agent = agentOf(plan, String(data["candidate"]))
    const until = data["cooling_until"]
    if (agent === undefined) return []
    // With a reason: it was asked before, found cooling, and tried after all.
    if (type === "candidate_chosen" && data["because"] === undefined) return [[agent, undefined]]
    if (type !== "candidate_skipped" || typeof until !== "number") return []
    return [[agent, { until, class: "rate_limited", because: String(data["because"]) }]]
  })

const agentOf = (plan: Plan, label: string): string | undefined => {
  const [id = "", ...rest] = label.split("/")
  const config = plan.steps.get(id)?.config as
    | { readonly agent?: string; readonly pipeline?: string }
    | undefined
  if (rest.length === 0) return config?.agent
  const nested = plan.pipelines.get(config?.pipeline ?? "")
  return nested && agentOf(nested, rest.join("/"))
}

/** These look at nothing but the run itself. */
const ASKED_ANEW = new Set(["input", "failed", "project"])

const recordedConditions = (
  events: ReadonlyArray<RunEvent>,
  conditions: Catalogue["conditions"],
): ReadonlyMap<string, ConditionHandle> => {
  const verdicts = queues(
    events
      .filter(({ type }) => type === "condition_evaluated")
      .map(({ step, data }) => [keyOf(step ?? "", String(data["condition"])), data] as const),
  )
  const recorded = (handle: ConditionHandle): ConditionHandle => ({
    ...handle,
    holds: (config, context) => {
      const verdict = verdicts(keyOf(context.step, handle.id))
      if (verdict === undefined) return handle.holds(config, context)
      return Effect.succeed({ holds: verdict["holds"] === true, because: String(verdict["because"]) })
    },
  })
  const all = Array.from(conditions, ([id, one]) => [id, ASKED_ANEW.has(id) ? one : recorded(one)] as const)
  return new Map(all)
}

/** For a person. */
export const print = ({ differences, stopped }: Replayed): string => {
  const lines = differences.map(
    ({ step, recorded, today }) =>
      `${step === "" ? "the run" : step}: recorded: ${recorded ?? "nothing"}; today: ${today ?? "nothing"}`,
  )
  const same = differences.length === 0 && stopped === undefined ? ["Today's pipeline decides the same."] : []
  return [...same, ...lines, ...(stopped === undefined ? [] : [`The replay stopped: ${stopped}.`])].join("\n")
}
