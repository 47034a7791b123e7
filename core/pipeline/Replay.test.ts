import { expect } from "bun:test"
import { Effect, Fiber, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import type { RunEvent } from "../services/Events.ts"
import { effect, live } from "../testing/effect.ts"
import { catalogue, plan } from "../testing/plans.ts"
import { events, exited, failed, memory, said, type Script, scripted } from "../testing/world.ts"
import * as Replay from "./Replay.ts"
import * as Run from "./Run.ts"

const pipeline = (more = "", candidates = '["a", "b", "c"]') => `
run = ["f", "check"]
[step.f]
type = "fallback"
try = ${candidates}
${more}
[step.a]
type = "agent"
agent = "a"
prompt = "p"
[step.b]
type = "agent"
agent = "b"
prompt = "p"
[step.c]
type = "agent"
agent = "c"
prompt = "p"
[step.check]
type = "verify"
command = ["make", "test"]
when = { env = { name = "CI", set = true } }
`

const script: Script = {
  agent: ({ call }) =>
    call.agent === "c" ? said("done") : failed(call.agent === "a" ? "auth" : "timed_out"),
  command: () => exited(0, "fine"),
}

/** A run of `text` as it would be stored, with what each start gave. */
const record = Effect.fnUntraced(function* (text: string, plays: Script = script, took = 60_000) {
  const kept = memory()
  const world = scripted(plays, kept)
  const fiber = yield* Effect.forkChild(
    Effect.result(Run.run(yield* plan(text), world, catalogue.conditions)),
  )
  yield* TestClock.adjust("1 day")
  const result = yield* Fiber.join(fiber)
  const ending = Result.isSuccess(result)
    ? { type: "run_succeeded", data: { answered_by: result.success.by } }
    : { type: "run_failed", data: { failure: result.failure.facts } }
  const stored = [...events(kept), ending].map((draft, index): RunEvent => ({
    run_id: "r1",
    seq: index + 1,
    at: index,
    type: draft.type,
    ...("step" in draft && draft.step !== undefined ? { step: draft.step } : {}),
    data: draft.data ?? {},
  }))
  const attempts = kept.starts.map(({ name, step, call, command, limits }): Replay.RecordedAttempt => {
    const ended = kept.journal.has(name)
    if (call === undefined) {
      const { gives } = plays.command!({ name, step, command, limits })
      const output = "output" in gives ? gives.output : ""
      return { step, result: { text: output }, exit_code: 0, duration_ms: took }
    }
    const { gives } = plays.agent!({ name, step, call, limits })
    const result = "facts" in gives ? gives.facts : gives
    return { step, agent: call.agent, result: ended ? result : undefined, duration_ms: took }
  })
  return { run: world.run, events: stored, attempts }
})

const recorded = (text: string, plays?: Script) => Effect.provide(record(text, plays), TestClock.layer())

const moving = 'on = ["auth", "timed_out"]'

live(
  "the same plan over the same results decides the same",
  Layer.empty,
  Effect.gen(function* () {
    const text = pipeline(moving)
    const recording = yield* recorded(text)
    expect(recording.attempts.length).toBe(4)
    const replayed = yield* Replay.replay(yield* plan(text), recording, catalogue)
    expect(replayed).toEqual({ differences: [], stopped: undefined })
    expect(Replay.print(replayed)).toBe("Today's pipeline decides the same.")
  }),
)

live(
  "a narrower `on` ends where the recorded run went on",
  Layer.empty,
  Effect.gen(function* () {
    const recording = yield* recorded(pipeline(moving))
    const replayed = yield* Replay.replay(yield* plan(pipeline()), recording, catalogue)
    expect(replayed.differences).toEqual([
      { step: "f", recorded: "tries c", today: undefined },
      { step: "check", recorded: "env holds", today: undefined },
      { step: "", recorded: "succeeds, answered by check", today: "fails with timed_out" },
    ])
    expect(Replay.print(replayed)).toContain("f: recorded: tries c; today: nothing")
  }),
)

live(
  "what was never asked stops the replay, and nothing after it is called different",
  Layer.empty,
  Effect.gen(function* () {
    const recording = yield* recorded(pipeline())
    const replayed = yield* Replay.replay(yield* plan(pipeline(moving)), recording, catalogue)
    expect(replayed).toEqual({
      differences: [{ step: "f", recorded: undefined, today: "tries c" }],
      stopped: 'there is no recorded attempt of agent "c" for step "c"',
    })
  }),
)

live(
  "the recorded verdict of a condition counts, whatever the world is like today",
  Layer.empty,
  Effect.gen(function* () {
    const text = pipeline(moving)
    const recording = yield* recorded(text)
    const env = { ...catalogue.conditions.get("env")!, holds: () => Effect.die("asked anew") }
    const conditions = new Map(catalogue.conditions).set("env", env)
    const replayed = yield* Replay.replay(yield* plan(text), recording, { ...catalogue, conditions })
    expect(replayed.differences).toEqual([])
  }),
)

live(
  "an agent that was cooling is passed over again",
  Layer.empty,
  Effect.gen(function* () {
    const text = pipeline(moving)
    const cooling: Script["cooling"] = (agent) =>
      Effect.succeed(agent === "a" ? { until: 1, class: "overloaded", because: "busy" } : undefined)
    const recording = yield* recorded(text, { ...script, cooling })
    expect(recording.attempts.map(({ agent }) => agent)).toEqual(["b", "c", undefined])
    expect((yield* Replay.replay(yield* plan(text), recording, catalogue)).differences).toEqual([])
  }),
)

live(
  "a reset lies as far ahead as it did when the run was recorded",
  Layer.empty,
  Effect.gen(function* () {
    const text = `run = ["a"]\n[step.a]\ntype = "agent"\nagent = "a"\nprompt = "p"\nretry = { times = 1, max = "1 minute", on = ["quota_exhausted"] }`
    const recording = yield* recorded(text, {
      agent: () => failed("quota_exhausted", { resets_at: 3_600_000 }),
    })
    expect(recording.attempts.length).toBe(1)
    const replayed = yield* Replay.replay(yield* plan(text), recording, catalogue)
    expect(replayed).toEqual({ differences: [], stopped: undefined })
  }),
)

const race = `
run = ["p"]
[step.p]
type = "parallel"
steps = ["a", "b"]
need = "any"
[step.a]
type = "agent"
agent = "a"
prompt = "p"
[step.b]
type = "agent"
agent = "b"
prompt = "p"
`

live(
  "a race has the winner it had",
  Layer.empty,
  Effect.gen(function* () {
    const recording = yield* recorded(race, {
      agent: ({ call }) => ({ ...said(call.agent), after: call.agent === "a" ? "20 minutes" : "1 minute" }),
    })
    expect(recording.attempts.map(({ result }) => result)).toEqual([undefined, { text: "b" }])
    expect((yield* Replay.replay(yield* plan(race), recording, catalogue)).differences).toEqual([])
  }),
)

effect(
  "a plan that waits for what was ended says so instead of waiting",
  Effect.gen(function* () {
    const recording = yield* record(race, {
      agent: ({ call }) => ({ ...said(call.agent), after: call.agent === "a" ? "20 minutes" : "1 minute" }),
    })
    const all = yield* plan(race.replace('"any"', '"all"'))
    const fiber = yield* Effect.forkChild(Replay.replay(all, recording, catalogue))
    yield* TestClock.adjust("10 seconds")
    expect((yield* Fiber.join(fiber)).stopped).toContain("waits for an attempt that was ended")
  }),
)
