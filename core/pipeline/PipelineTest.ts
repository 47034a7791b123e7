/** Runs the `[[test]]` tables of a pipeline: fake judgement, real plumbing. */
import { Clock, Effect, Predicate, Schema } from "effect"
import type { Catalogue, ConditionHandle } from "../plugin/Catalogue.ts"
import type { FailureFacts } from "../plugin/Failure.ts"
import type { RunEvent } from "../services/Events.ts"
import type { RunState } from "../services/Runs.ts"
import { env } from "./conditions/env.ts"
import { checkInput } from "./Input.ts"
import type { Plan } from "./Plan.ts"
import * as StandIn from "./StandIn.ts"
import type { Expectation, TestTable } from "./TestTables.ts"
import type { World } from "./World.ts"
import * as Why from "./Why.ts"

/** What is to be executed: the plan as it is, with stand-ins for everything that judges. */
export interface Stage {
  readonly plan: Plan
  readonly agents: Catalogue["agents"]
  readonly conditions: Catalogue["conditions"]
  readonly prompt: string
  readonly input: Readonly<Record<string, unknown>>
  readonly project: World["run"]["project"]
  /**
   * Must be put around the world of the execution: it starts stand-ins for commands, does not wait between retries,
   * and knows who is cooling.
   */
  readonly around: (world: World) => World
}

export interface Executed {
  readonly state: RunState
  /** In order. */
  readonly events: ReadonlyArray<RunEvent>
  readonly answer?: string | undefined
  readonly answered_by?: string | undefined
  readonly failure?: FailureFacts | undefined
}

/** Executes once, in an empty folder and with nothing remembered, by the same processes as a real run. */
export type Execute = (stage: Stage) => Effect.Effect<Executed, { readonly message: string }>

export const TestResult = Schema.Struct({
  pipeline: Schema.String,
  name: Schema.String,
  /** What is not as expected, a line each: `state: expected succeeded, got failed`. Empty: it passed. */
  problems: Schema.Array(Schema.String),
  /** The run's decisions for a person; empty when it passed. */
  why: Schema.String,
  duration_ms: Schema.Number,
})
export type TestResult = typeof TestResult.Type

/** What came of the tests of some pipelines. */
export const Report = Schema.Struct({
  passed: Schema.Int,
  failed: Schema.Int,
  tests: Schema.Array(TestResult),
  /** Pipelines that have no tests. */
  untested: Schema.Array(Schema.String),
})
export type Report = typeof Report.Type

export const report = (tests: ReadonlyArray<TestResult>, untested: ReadonlyArray<string>): Report => {
  const failed = tests.filter(({ problems }) => problems.length > 0).length
  return { passed: tests.length - failed, failed, tests, untested }
}

const LONGEST = "1 minute"

/** One after the other, in the order of the file. */
export const run = Effect.fn("PipelineTest.run")(function* (
  plan: Plan,
  tests: ReadonlyArray<TestTable>,
  catalogue: Pick<Catalogue, "agents" | "conditions">,
  execute: Execute,
) {
  return yield* Effect.forEach(tests, (test) => one(plan, test, catalogue, execute))
})

const one = Effect.fnUntraced(function* (
  plan: Plan,
  test: TestTable,
  catalogue: Pick<Catalogue, "agents" | "conditions">,
  execute: Execute,
): Effect.fn.Return<TestResult> {
  const began = yield* Clock.currentTimeMillis
  const executed = Effect.flatMap(staged(plan, test, catalogue), execute).pipe(
    Effect.timeoutOrElse({
      duration: LONGEST,
      orElse: () => Effect.fail({ message: `it did not end within ${LONGEST}` }),
    }),
  )
  const found = yield* Effect.match(executed, {
    onFailure: ({ message }) => ({ problems: [`it cannot be executed: ${message}`], why: "" }),
    onSuccess: (end) => judged(test, end),
  })
  const duration_ms = (yield* Clock.currentTimeMillis) - began
  return { pipeline: plan.id, name: test.name, ...found, duration_ms }
})

const staged = Effect.fnUntraced(function* (
  plan: Plan,
  test: TestTable,
  { agents, conditions }: Pick<Catalogue, "agents" | "conditions">,
) {
  const input = yield* checkInput(plan, test.input, test.prompt)
  return {
    plan,
    agents: standIns(plan, agents, test),
    conditions: conditionsFor(test, conditions),
    prompt: test.prompt,
    input,
    project: test.project,
    around: (world: World) => around(world, test),
  } satisfies Stage
})

const standIns = (plan: Plan, agents: Catalogue["agents"], test: TestTable): Catalogue["agents"] => {
  const ids = new Set([...agents.keys(), ...asked(plan)])
  const found = Array.from(ids, (id) => [id, agents.get(id)] as const)
  return new Map(
    found.flatMap(([id, real]) =>
      real === undefined ? [] : [[id, StandIn.agent(real, test.agents[id])] as const],
    ),
  )
}

/** Agents that the plan names, whether they are listed anywhere or not. */
const asked = (plan: Plan): ReadonlyArray<string> => {
  const own = [...plan.steps.values()].flatMap(({ config }) =>
    Predicate.hasProperty(config, "agent") && Predicate.isString(config.agent) ? [config.agent] : [],
  )
  return [...own, ...[...plan.pipelines.values()].flatMap(asked)]
}

const conditionsFor = (test: TestTable, all: Catalogue["conditions"]): ReadonlyMap<string, ConditionHandle> =>
  test.env === undefined ? all : new Map(all).set("env", env(test.env))

/** The world with stand-ins. Starts are counted per agent and per step, in the order in which they happen. */
const around = (world: World, test: TestTable): World => {
  const starts = new Map<string, number>()
  const shorten = StandIn.shortenFor(test)
  const next = (name: string) => {
    const start = starts.get(name) ?? 0
    starts.set(name, start + 1)
    return start
  }
  return {
    ...world,
    sleep: () => Effect.void,
    attempt: (name, step, call, limits) =>
      Effect.suspend(() => {
        const start = next(`agent ${call.agent}`)
        const short = shorten(StandIn.nth(test.agents[call.agent], start)?.after, limits)
        const told = { ...call.env, [StandIn.START]: String(start), [StandIn.WAIT]: short.wait }
        return world.attempt(name, step, { ...call, env: told }, short.limits)
      }),
    command: (name, step, _, limits) =>
      Effect.suspend(() => {
        const id = step.split("/").at(-1) ?? step
        const script = StandIn.nth(test.commands[id], next(`command ${step}`)) ?? { exit: 0, output: "" }
        const short = shorten(script.after, limits)
        return world.command(name, step, StandIn.command(script, short.wait), short.limits)
      }),
    cooling: (agent, model) =>
      test.cooling.includes(agent)
        ? Effect.succeed({
            until: Number.MAX_SAFE_INTEGER,
            class: "rate_limited",
            because: "the test says so",
          })
        : world.cooling(agent, model),
  }
}

const judged = ({ expect }: TestTable, end: Executed) => {
  const problems = Array.from(compared(expect, end))
  return { problems, why: problems.length === 0 ? "" : Why.print(Why.decisions(end.events)) }
}

function* compared(expect: Expectation, end: Executed): Generator<string> {
  const { events } = end
  const because = end.failure === undefined ? "" : ` (${end.failure.class}: ${end.failure.message})`
  yield* difference("state", expect.state, end.state, because)
  yield* difference("failure", expect.failure, end.failure?.class ?? "none", because)
  yield* difference("tried", expect.tried, candidates(events, "candidate_chosen"))
  yield* difference("skipped", expect.skipped?.toSorted(), skipped(events))
  yield* difference("answered_by", expect.answered_by, end.answered_by ?? "nobody")
  yield* difference("answer", expect.answer, end.answer ?? "")
  yield* difference("attempts", expect.attempts, agentStarts(events))
}

function* difference<A>(
  what: string,
  expected: A | undefined,
  got: A | string,
  because = "",
): Generator<string> {
  if (expected === undefined || JSON.stringify(expected) === JSON.stringify(got)) return
  yield `${what}: expected ${shown(expected)}, got ${shown(got)}${because}`
}

const shown = (value: unknown): string =>
  typeof value === "string" && /^[\w/-]+$/.test(value) ? value : JSON.stringify(value)

const candidates = (events: ReadonlyArray<RunEvent>, type: string): ReadonlyArray<string> =>
  events.filter((event) => event.type === type).map(({ data }) => String(data["candidate"]))

const skipped = (events: ReadonlyArray<RunEvent>): ReadonlyArray<string> => {
  const steps = events.filter(({ type }) => type === "step_skipped").map(({ step }) => step ?? "")
  return [...new Set([...steps, ...candidates(events, "candidate_skipped")])].sort()
}

const agentStarts = (events: ReadonlyArray<RunEvent>) =>
  events.filter(({ type, data }) => type === "attempt_started" && data["agent"] !== undefined).length

/** By pipeline: one line for each test, below a failed one what was expected and what happened. */
export const print = ({ failed, passed, tests, untested }: Report): string => {
  const named = Map.groupBy(tests, ({ pipeline }) => pipeline)
  const blocks = Array.from(named, ([pipeline, own]) => [pipeline, ...own.map(block)].join("\n"))
  const bare = untested.length === 0 ? [] : [untested.map((id) => `${id} has no tests.`).join("\n")]
  return [...blocks, ...bare, `${passed} passed, ${failed} failed`].join("\n\n")
}

const block = ({ duration_ms, name, problems, why }: TestResult): string => {
  const head = `  ${problems.length === 0 ? "✓" : "✗"} ${name}  (${duration_ms} ms)`
  const below = [...problems, ...(why === "" ? [] : ["what happened:", ...why.split("\n")])]
  return [head, ...below.map((line) => `      ${line}`)].join("\n")
}
