import { expect } from "bun:test"
import { Effect, Schema } from "effect"
import type { RunEvent } from "../services/Events.ts"
import { effect } from "../testing/effect.ts"
import { plan } from "../testing/plans.ts"
import { events, failed, memory, said, scripted } from "../testing/world.ts"
import * as Run from "./Run.ts"
import * as Why from "./Why.ts"

/** As they are stored: one each 1.5 seconds. */
const stored = (drafts: ReturnType<typeof events>): ReadonlyArray<RunEvent> =>
  drafts.map((draft, index) => ({
    run_id: "r1",
    seq: index + 1,
    at: 1_000_000 + index * 1_500,
    type: draft.type,
    ...(draft.step === undefined ? {} : { step: draft.step }),
    data: draft.data ?? {},
  }))

const text = `
run = ["f"]
[step.f]
type = "fallback"
try = ["a", "b", "c"]
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
agent = "codex"
prompt = "p"
`

effect(
  "each candidate is told with the rule, the evidence and the time that decided on it",
  Effect.gen(function* () {
    const kept = memory()
    const world = scripted(
      {
        agent: ({ call }) =>
          call.agent === "a" ? failed("quota_exhausted", { evidence: ["0 credits left"] }) : said("ok"),
        cooling: (agent) =>
          Effect.succeed(
            agent === "b" ? { until: 5_000_000, class: "overloaded", because: "three in a row" } : undefined,
          ),
      },
      kept,
    )
    yield* Run.run(yield* plan(text), world, new Map())
    const ending = { type: "run_succeeded", data: { answered_by: "c" } }
    const decisions = Why.decisions(stored([...events(kept), ending]))
    expect(yield* Schema.decodeUnknownEffect(Schema.Array(Why.Decision))(decisions)).toEqual([...decisions])
    expect(decisions.map(({ decision, candidate, rule }) => [decision, candidate, rule])).toEqual([
      ["chosen", "a", "candidate 1 of 3"],
      ["left", "a", "quota_exhausted moves on by default"],
      ["passed_over", "b", "cooling after overloaded: three in a row"],
      ["chosen", "c", "candidate 3 of 3"],
      ["ended", undefined, "succeeded, answered by c"],
    ])
    expect(decisions[1]).toMatchObject({
      evidence: ["scripted quota_exhausted", "0 credits left"],
      duration_ms: 4_500,
      after_ms: 6_000,
    })
    expect(decisions[2]?.evidence).toEqual(["until 1970-01-01T01:23:20.000Z"])
    expect(Why.print(decisions)).toBe(
      [
        "    1.5 s  f  tries a: candidate 1 of 3",
        "    6.0 s  f  leaves a: quota_exhausted moves on by default (4.5 s)",
        "                scripted quota_exhausted",
        "                0 credits left",
        "    7.5 s  f  passes over b: cooling after overloaded: three in a row",
        "                until 1970-01-01T01:23:20.000Z",
        "    9.0 s  f  tries c (agent codex): candidate 3 of 3",
        "   15.0 s     succeeded, answered by c",
      ].join("\n"),
    )
  }),
)

effect(
  "what an attempt has said is not said again where its candidate is left, nor what a sentence already holds",
  Effect.sync(() => {
    const failure = { class: "rate_limited", message: "a said: HTTP 429", evidence: ["HTTP 429", "bye"] }
    const drafts = [
      { type: "candidate_chosen", step: "f", data: { candidate: "a", agent: "a", index: 0, of: 2 } },
      {
        type: "attempt_ended",
        step: "a",
        data: { agent: "a", state: "failed", failure, duration_ms: 1_000 },
      },
      { type: "cooldown_started", step: "a", data: { agent: "a", until: 5_000_000, class: "rate_limited" } },
      { type: "candidate_left", step: "f", data: { candidate: "a", because: "it moves on", failure } },
      { type: "run_failed", data: { failure } },
    ]
    expect(Why.print(Why.decisions(stored(drafts)))).toBe(
      [
        "     0 ms  f  tries a: candidate 1 of 2",
        "    1.5 s  a  attempt ? of a: failed: rate_limited (1.0 s)",
        "                a said: HTTP 429",
        "                bye",
        "    3.0 s  a  a is left alone after rate_limited until 1970-01-01T01:23:20.000Z",
        "    4.5 s  f  leaves a: it moves on (4.5 s)",
        "    6.0 s     failed: rate_limited",
        "                a said: HTTP 429",
      ].join("\n"),
    )
  }),
)

effect(
  "attempts, retries, conditions and cooldowns are decisions too; anything else is passed over",
  Effect.sync(() => {
    const drafts = [
      { type: "run_accepted", data: { pipeline: "main" } },
      {
        type: "condition_evaluated",
        step: "a",
        data: { condition: "env", holds: true, because: "CI is set" },
      },
      { type: "agent_message", step: "a", data: { text: "candidate_left" } },
      {
        type: "attempt_ended",
        step: "a",
        data: { state: "failed", failure: { class: "overloaded", message: "busy" }, duration_ms: 61_000 },
      },
      { type: "cooldown_started", step: "a", data: { agent: "claude", until: 0, class: "overloaded" } },
      { type: "retry_scheduled", step: "a", data: { attempt: 2, pause_ms: 250, because: "overloaded" } },
      { type: "run_resumed" },
      { type: "run_failed", data: { failure: { class: "overloaded", message: "busy" } } },
    ]
    const decisions = Why.decisions(stored(drafts))
    expect(decisions.map(({ decision }) => decision)).toEqual([
      "condition",
      "attempt",
      "cooldown",
      "retry",
      "resumed",
      "ended",
    ] as never)
    expect(Why.print(decisions)).toContain("attempt ?: failed: overloaded (1 min 1 s)")
    expect(Why.print(decisions)).toContain("attempt 2 in 250 ms")
    // The event says no more: a restart, or a hub in the background that was handed the run.
    expect(decisions.find(({ decision }) => decision === "resumed")?.rule).toBe(
      "another hub process took it up",
    )
  }),
)
