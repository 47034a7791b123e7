import { expect } from "bun:test"
import { Duration, Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import * as Failure from "../plugin/Failure.ts"
import type { StepAnswer, StepContext } from "../plugin/Step.ts"
import { effect } from "../testing/effect.ts"
import { catalogue, plan } from "../testing/plans.ts"
import { events, exited, failed, type Memory, memory, said, type Script, scripted } from "../testing/world.ts"
import type { Plan } from "./Plan.ts"
import * as Run from "./Run.ts"

/** Runs to the end, however long that takes on the test clock. */
const finish = Effect.fnUntraced(function* (parsed: Plan, script: Script, kept: Memory = memory()) {
  const over = yield* Ref.make(false)
  const running = Run.run(parsed, scripted(script, kept), catalogue.conditions, catalogue.agents)
  const fiber = yield* Effect.forkChild(Effect.ensuring(Effect.result(running), Ref.set(over, true)))
  while (!(yield* Ref.get(over))) yield* TestClock.adjust("1 second")
  const result = yield* Fiber.join(fiber)
  return {
    result,
    kept,
    starts: kept.starts.map(({ name }) => name),
    types: events(kept).map(({ type }) => type),
  }
})

const answered = (end: { readonly result: unknown }): StepAnswer => {
  expect(end.result).toMatchObject({ _tag: "Success" })
  return (end.result as { readonly success: StepAnswer }).success
}

const failure = (end: { readonly result: unknown }): Failure.Failure => {
  expect(end.result).toMatchObject({ _tag: "Failure" })
  return (end.result as { readonly failure: Failure.Failure }).failure
}

const agents = (...ids: ReadonlyArray<string>) =>
  ids.map((id) => `\n[step.${id}]\ntype = "agent"\nagent = "${id}"\nprompt = "ask ${id}"\n`).join("")

const fallback = (more = "", ids: ReadonlyArray<string> = ["a", "b", "c"]) =>
  `run = ["f"]\n[step.f]\ntype = "fallback"\ntry = ${JSON.stringify(ids)}\n${more}${agents(...ids)}`

const said_by = (end: { readonly kept: Memory }, type: string) =>
  events(end.kept).filter((event) => event.type === type)

effect(
  "a sequence answers with its last answer, and later steps see earlier ones",
  Effect.gen(function* () {
    const parsed = yield* plan(`
run = ["s", "t"]
[step.s]
type = "sequence"
steps = ["a", "b"]
${agents("a", "b")}
[step.t]
type = "transform"
template = "{{ steps.a.answer }}, {{ steps.b.answer }}, {{ steps.s.answer }} for {{ run.prompt }}"
`)
    const end = yield* finish(parsed, {})
    expect(answered(end)).toMatchObject({ text: "a answers, b answers, b answers for the prompt", by: "t" })
    expect(end.starts).toEqual(["s/a", "s/b"])
    const ends = (...types: ReadonlyArray<string>) => types.map((type) => `step_${type}`)
    expect(end.types).toEqual(
      ends("started", "started", "succeeded", "started", "succeeded", "succeeded", "started", "succeeded"),
    )
  }),
)

effect(
  "a step whose `when` does not hold is skipped, says why, and the sequence goes on",
  Effect.gen(function* () {
    const parsed = yield* plan(`
run = ["a", "b"]
[input.fast]
type = "boolean"
default = false
[step.a]
type = "agent"
agent = "a"
prompt = "p"
when = { input = { name = "fast", equals = true } }
${agents("b")}`)
    const end = yield* finish(parsed, { run: { input: { fast: false } } })
    expect(answered(end).by).toBe("b")
    expect(end.starts).toEqual(["b"])
    expect(said_by(end, "condition_evaluated")).toMatchObject([
      { step: "a", data: { condition: "input", holds: false } },
    ])
    expect(said_by(end, "step_skipped")).toMatchObject([{ step: "a", data: { because: expect.any(String) } }])
  }),
)

effect(
  "a condition that cannot be asked fails its step, and a fallback may take the next",
  Effect.gen(function* () {
    const text = fallback("", ["a", "b"]).replace(
      'prompt = "ask a"',
      'when = { changed = ["src/**"] }\nprompt = "ask a"',
    )
    const broken = {
      ...catalogue.conditions.get("changed")!,
      holds: () => Failure.of("crashed", "no git here"),
    }
    const kept = memory()
    const answer = yield* Run.run(yield* plan(text), scripted({}, kept), new Map([["changed", broken]]))
    expect(answer.by).toBe("b")
    expect(said_by({ kept }, "candidate_left")).toMatchObject([
      { data: { candidate: "a", failure: { class: "crashed", step: "a" } } },
    ])
  }),
)

effect(
  "a run whose every step is skipped succeeds with nothing, by nobody",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["a"]\n[step.a]\ntype = "agent"\nagent = "a"\nprompt = "p"\nwhen = { env = { name = "NOT_SET_HERE", equals = "1" } }`,
    )
    expect(answered(yield* finish(parsed, {}))).toEqual({ text: "", by: "" })
  }),
)

effect(
  "a fallback that is spent fails with every candidate's failure in order, nested ones in their place",
  Effect.gen(function* () {
    const parsed = yield* plan(`
run = ["f"]
[step.f]
type = "fallback"
try = ["g", "c"]
[step.g]
type = "fallback"
try = ["a", "b"]
on = ["timed_out", "crashed"]
${agents("a", "b", "c")}`)
    const classes = { a: "crashed", b: "timed_out", c: "auth" } as const
    const end = yield* finish(parsed, { agent: ({ call }) => failed(classes[call.agent as "a"]) })
    const error = failure(end)
    expect(error).toMatchObject({ class: "auth", step: "f" })
    expect(error.tried?.map((one) => [one.step, one.class])).toEqual([
      ["a", "crashed"],
      ["b", "timed_out"],
      ["c", "auth"],
    ])
    for (const words of ["g: timed_out", "c: auth"]) expect(error.message).toContain(words)
    // timed_out does not move on by default: the nested fallback does because it is spent.
    expect(said_by(end, "candidate_left").map(({ data }) => data?.["because"])).toEqual([
      "crashed moves on by on = [timed_out, crashed]",
      "timed_out moves on by on = [timed_out, crashed]",
      "a spent fallback always moves on",
      "auth moves on by default",
    ])
  }),
)

effect(
  "a class outside `on` ends the fallback with that failure, and the earlier ones are kept",
  Effect.gen(function* () {
    const parsed = yield* plan(fallback('on = ["network"]'))
    const end = yield* finish(parsed, {
      agent: ({ call }) => failed(call.agent === "a" ? "network" : "quota_exhausted"),
    })
    expect(failure(end)).toMatchObject({ class: "quota_exhausted", step: "b" })
    expect(failure(end).tried?.map((one) => one.class)).toEqual(["network", "quota_exhausted"])
    expect(end.starts).toEqual(["f/a", "f/b"])
  }),
)

effect(
  "a failed candidate inside an outer fallback that ended early does not count as spent",
  Effect.gen(function* () {
    const parsed = yield* plan(`
run = ["f"]
[step.f]
type = "fallback"
try = ["g", "c"]
[step.g]
type = "fallback"
try = ["a", "b"]
${agents("a", "b", "c")}`)
    const classes = { a: "crashed", b: "timed_out", c: "auth" } as const
    const end = yield* finish(parsed, { agent: ({ call }) => failed(classes[call.agent as "a"]) })
    expect(failure(end)).toMatchObject({ class: "timed_out", step: "b" })
    expect(end.starts).toEqual(["f/g/a", "f/g/b"])
  }),
)

effect(
  "candidates see the failure before them, and prompts stay as they are written",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `${fallback("", ["a", "b"])}when = { failed = ["auth"] }\n`.replace(
        "ask b",
        "after {{ failure.class }}",
      ),
    )
    const end = yield* finish(parsed, {
      agent: ({ call }) => (call.agent === "a" ? failed("auth") : said("ok")),
    })
    expect(answered(end).by).toBe("b")
    expect(end.kept.starts.map(({ call }) => call?.prompt)).toEqual(["ask a", "after auth"])
  }),
)

effect(
  "with `carry` the next prompt ends with what the candidate before it failed with",
  Effect.gen(function* () {
    const parsed = yield* plan(fallback("carry = true", ["a", "b"]))
    const end = yield* finish(parsed, {
      agent: ({ call }) =>
        call.agent === "a" ? failed("crashed", { evidence: ["segfault at 0"] }) : said("ok"),
    })
    const [first, second] = end.kept.starts.map(({ call }) => call?.prompt ?? "")
    expect(first).toBe("ask a")
    expect(second).toStartWith("ask b\n\n")
    for (const words of ["crashed", "scripted crashed", "segfault at 0"]) expect(second).toContain(words)
  }),
)

const cooling =
  (until: Readonly<Record<string, number>>): Script["cooling"] =>
  (agent) =>
    Effect.succeed(
      until[agent] === undefined
        ? undefined
        : { until: until[agent], class: "rate_limited" as const, because: `${agent} asked for a pause` },
    )

effect(
  "a cooling candidate is skipped at once and said so",
  Effect.gen(function* () {
    const parsed = yield* plan(fallback("", ["a", "b"]))
    const end = yield* finish(parsed, { cooling: cooling({ a: 5_000 }) })
    expect(end.starts).toEqual(["f/b"])
    expect(said_by(end, "candidate_skipped")).toMatchObject([
      {
        step: "f",
        data: { candidate: "a", cooling_until: 5_000, because: expect.stringContaining("rate_limited") },
      },
    ])
  }),
)

effect(
  "when every candidate is cooling, the one that ends first is tried after all",
  Effect.gen(function* () {
    const parsed = yield* plan(fallback())
    const end = yield* finish(parsed, { cooling: cooling({ a: 9_000, b: 5_000, c: 7_000 }) })
    expect(answered(end).by).toBe("b")
    expect(said_by(end, "candidate_chosen")).toMatchObject([
      { data: { candidate: "b", index: 1, because: "nothing else is left, and it cools the shortest" } },
    ])
    expect(end.starts).toEqual(["f/b"])
  }),
)

effect(
  "a fallback whose every candidate is skipped has failed, and says why each was",
  Effect.gen(function* () {
    const never = 'when = { env = { name = "NOT_SET_HERE", equals = "1" } }\n'
    const parsed = yield* plan(fallback("", ["a", "b"]).replaceAll('prompt = "ask', `${never}prompt = "ask`))
    const error = failure(yield* finish(parsed, {}))
    expect(error).toMatchObject({ class: "refused", step: "f", tried: [] })
    expect(error.message).toContain("a was skipped")
    expect(error.message).toContain("b was skipped")
  }),
)

effect(
  "a retry waits twice as long each time, up to `max`",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["a"]${agents("a")}retry = { times = 4, base = "2 seconds", max = "7 seconds", jitter = 0 }`,
    )
    const end = yield* finish(parsed, { agent: () => failed("overloaded") })
    expect(failure(end).class).toBe("overloaded")
    expect(end.kept.slept.map(({ ms }) => ms)).toEqual([2_000, 4_000, 7_000, 7_000])
    expect(end.starts).toEqual(["a", "a~2", "a~3", "a~4", "a~5"])
    expect(said_by(end, "retry_scheduled").map(({ data }) => data?.["attempt"])).toEqual([2, 3, 4, 5])
    expect(said_by(end, "wait_ended").length).toBe(4)
  }),
)

effect(
  "the vendor's own wait wins up to `max`, and above it the failure stands at once",
  Effect.gen(function* () {
    const text = `run = ["a"]${agents("a")}retry = { times = 3, base = "1 second", max = "30 seconds" }`
    const short = yield* finish(yield* plan(text), {
      agent: ({ name }) => (name === "a" ? failed("rate_limited", { retry_after_ms: 30_000 }) : said("ok")),
    })
    expect(answered(short).text).toBe("ok")
    expect(short.kept.slept.map(({ ms }) => ms)).toEqual([30_000])
    const long = yield* finish(yield* plan(text), {
      agent: () => failed("rate_limited", { retry_after_ms: 30_001 }),
    })
    expect(failure(long).class).toBe("rate_limited")
    expect(long.starts).toEqual(["a"])
  }),
)

effect(
  "`on` replaces the classes that are repeated",
  Effect.gen(function* () {
    const parsed = yield* plan(`run = ["a"]${agents("a")}retry = { times = 1, on = ["crashed"] }`)
    expect((yield* finish(parsed, { agent: () => failed("crashed") })).starts).toEqual(["a", "a~2"])
    expect((yield* finish(parsed, { agent: () => failed("overloaded") })).starts).toEqual(["a"])
  }),
)

effect(
  "attempts get the step's limits, and a whole fallback is repeated under a new point",
  Effect.gen(function* () {
    const parsed = yield* plan(
      fallback('retry = { times = 1, on = ["crashed"] }', ["a", "b"]).replaceAll(
        'prompt = "ask',
        'timeout = "3 minutes"\nstall = "1 minute"\npatience = "4 seconds"\nprompt = "ask',
      ),
    )
    const end = yield* finish(parsed, { agent: () => failed("crashed") })
    expect(end.starts).toEqual(["f/a", "f/b", "f~2/a", "f~2/b"])
    const { patience, stall, timeout } = end.kept.starts[0]!.limits
    expect([timeout, stall!, patience].map(Duration.toMillis)).toEqual([180_000, 60_000, 4_000])
  }),
)

effect(
  "a timeout on a step around others ends all of them, and their answers do not count",
  Effect.gen(function* () {
    const parsed = yield* plan(`
run = ["f"]
[step.f]
type = "fallback"
try = ["s", "t"]
on = ["timed_out"]
[step.s]
type = "sequence"
steps = ["a", "b"]
timeout = "1 minute"
[step.t]
type = "transform"
template = "a said [{{ steps.a.answer }}]"
${agents("a", "b")}`)
    const end = yield* finish(parsed, {
      agent: ({ call }) => ({ after: call.agent === "a" ? "10 seconds" : "1 hour", gives: { text: "done" } }),
    })
    expect(answered(end).text).toBe("a said []")
    expect(said_by(end, "candidate_left")).toMatchObject([{ data: { candidate: "s", class: "timed_out" } }])
  }),
)

effect(
  "what was answered below a step that kept its timeout is seen after it",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["s", "t"]\n[step.s]\ntype = "sequence"\nsteps = ["a", "b"]\ntimeout = "1 minute"\n[step.t]\ntype = "transform"\ntemplate = "{{ steps.a.answer }}"${agents("a", "b")}`,
    )
    const kept = memory()
    for (const life of ["first", "second"])
      expect([life, answered(yield* finish(parsed, {}, kept)).text]).toEqual([life, "a answers"])
  }),
)

effect(
  "parallel gives every answer by id when all are needed",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p", "t"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b"]\n${agents("a", "b")}\n[step.t]\ntype = "transform"\ntemplate = "{{ steps.p.answer }}|{{ steps.b.answer }}"`,
    )
    const end = yield* finish(parsed, {
      agent: ({ call }) => ({ after: "3 seconds", gives: { text: `from ${call.agent}` } }),
    })
    expect(answered(end).text).toBe("a: from a\n\nb: from b|from b")
  }),
)

effect(
  "parallel ends the rest once enough have succeeded",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b", "c"]\nneed = "any"\n${agents("a", "b", "c")}`,
    )
    const seconds = { a: 9, b: 2, c: 5 } as const
    const end = yield* finish(parsed, {
      agent: ({ call }) => ({ after: `${seconds[call.agent as "a"]} seconds`, gives: { text: call.agent } }),
    })
    expect(answered(end)).toEqual({ text: "b: b", by: "b", answers: { b: "b" } })
    expect(said_by(end, "step_skipped").map(({ step }) => step)).toEqual(["a", "c"])
    // Neither of the two that were ended has a result.
    expect(["p/a", "p/c"].filter((name) => end.kept.journal.has(name))).toEqual([])
  }),
)

effect(
  "parallel fails as soon as enough can no longer succeed, with every failure",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b", "c"]\nneed = 2\n${agents("a", "b", "c")}`,
    )
    const end = yield* finish(parsed, {
      agent: ({ call }) =>
        call.agent === "c"
          ? { after: "1 hour", gives: { text: "late" } }
          : { ...failed("auth"), after: "1 second" },
    })
    expect(failure(end)).toMatchObject({ class: "auth", step: "p" })
    expect(failure(end).tried?.map(({ step }) => step)).toEqual(["a", "b"])
  }),
)

effect(
  "parallel runs no more than `limit` at once",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b", "c"]\nlimit = 1\n${agents("a", "b", "c")}`,
    )
    const kept = memory()
    const script: Script = { agent: ({ call }) => ({ after: "10 seconds", gives: { text: call.agent } }) }
    const fiber = yield* Effect.forkChild(finish(parsed, script, kept))
    yield* TestClock.adjust("15 seconds")
    expect(kept.starts.length).toBeLessThanOrEqual(2)
    expect(answered(yield* Fiber.join(fiber)).answers).toEqual({ a: "a", b: "b", c: "c" })
    expect(kept.starts.map(({ name }) => name)).toEqual(["p/a", "p/b", "p/c"])
  }),
)

effect(
  "parallel starts no branch that is not needed any more",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b"]\nneed = "any"\nlimit = 1\n${agents("a", "b")}`,
    )
    expect((yield* finish(parsed, {})).starts).toEqual(["p/a"])
  }),
)

const looping = `
run = ["improve"]
[step.improve]
type = "loop"
step = "a"
until = "check"
times = 3
[step.a]
type = "agent"
agent = "a"
prompt = "round {{ loop.round }}: {{ loop.check }}"
[step.check]
type = "verify"
command = ["make", "test"]
`

effect(
  "a loop repeats its step until the check passes, and each round sees the last output",
  Effect.gen(function* () {
    const end = yield* finish(yield* plan(looping), {
      agent: ({ name }) => said(`answer of ${name}`),
      command: ({ name }) =>
        name === "improve@3/check" ? exited(0, "fine") : exited(2, `broken in ${name}`),
    })
    expect(answered(end)).toMatchObject({ text: "answer of improve@3/a", by: "a" })
    expect(end.kept.starts.flatMap(({ call }) => call?.prompt ?? [])).toEqual([
      "round 1: ",
      "round 2: broken in improve@1/check",
      "round 3: broken in improve@2/check",
    ])
  }),
)

effect(
  "a loop that never passes fails with the last output",
  Effect.gen(function* () {
    const end = yield* finish(yield* plan(looping), { command: () => exited(2, "one\ntwo") })
    expect(failure(end)).toMatchObject({
      class: "verification_failed",
      step: "improve",
      evidence: ["one", "two"],
    })
    expect(end.starts.length).toBe(6)
  }),
)

effect(
  "a verify step passes with the expected exit and gives the output; anything else fails with the tail",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["v"]\n[step.v]\ntype = "verify"\ncommand = ["grep", "-q", "{{ x"]\nexpect_exit = 1`,
    )
    const passed = yield* finish(parsed, { command: () => exited(1, "nothing found") })
    expect(answered(passed)).toEqual({ text: "nothing found", by: "v" })
    expect(passed.kept.starts[0]?.command).toMatchObject({ program: "grep", args: ["-q", "{{ x"] })
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`)
    const error = failure(yield* finish(parsed, { command: () => exited(0, lines.join("\n")) }))
    expect(error).toMatchObject({
      class: "verification_failed",
      step: "v",
      exit_code: 0,
      evidence: lines.slice(-20),
    })
  }),
)

const shaped = (where: string) => `
${where}
[step.a]
type = "agent"
agent = "AGENT"
prompt = "list"
`

const shape =
  '{ type = "object", required = ["files"], properties = { files = { type = "array", items = { type = "string" } } }, additionalProperties = false }'

effect(
  "a verify step with a schema checks the answer before it",
  Effect.gen(function* () {
    const text = `${shaped('run = ["a", "v"]')}[step.v]\ntype = "verify"\nschema = ${shape}`.replace(
      "AGENT",
      "a",
    )
    const good = yield* finish(yield* plan(text), { agent: () => said('```json\n{"files": ["x.ts"]}\n```') })
    expect(answered(good)).toMatchObject({ by: "a", data: { files: ["x.ts"] } })
    const wrong = failure(
      yield* finish(yield* plan(text), { agent: () => said('{"files": [1], "more": 2}') }),
    )
    expect(wrong).toMatchObject({ class: "verification_failed", step: "v" })
    for (const words of ["files.0", "more"]) expect(wrong.message).toContain(words)
    expect(failure(yield* finish(yield* plan(text), { agent: () => said("no json") })).message).toContain(
      "is no JSON",
    )
  }),
)

effect(
  "an answer that misses its schema gets one repair turn, in its session where the agent can resume",
  Effect.gen(function* () {
    const text = `${shaped('run = ["a"]')}output_schema = ${shape}`
    const script: Script = {
      agent: ({ name }) =>
        name === "a" ? said("sorry", { session_id: "s1" }) : said("{}", { data: { files: ["x.ts"] } }),
    }
    const resumed = yield* finish(yield* plan(text.replace("AGENT", "resumer")), script)
    expect(answered(resumed).data).toEqual({ files: ["x.ts"] })
    expect(resumed.starts).toEqual(["a", "a+2"])
    expect(resumed.kept.starts[1]?.call).toMatchObject({ session: { id: "s1" } })
    const afresh = yield* finish(yield* plan(text.replace("AGENT", "a")), script)
    const second = afresh.kept.starts[1]?.call
    expect(second?.session).toBeUndefined()
    for (const words of ["list\n\n", "is no JSON", "sorry"]) expect(second?.prompt).toContain(words)
  }),
)

effect(
  "an answer that misses its schema twice is bad_output",
  Effect.gen(function* () {
    const parsed = yield* plan(`${shaped('run = ["a"]')}output_schema = ${shape}`.replace("AGENT", "a"))
    const end = yield* finish(parsed, { agent: () => said("sorry") })
    expect(failure(end)).toMatchObject({ class: "bad_output", step: "a", agent: "a", evidence: ["sorry"] })
    expect(end.starts).toEqual(["a", "a+2"])
  }),
)

effect(
  "a switch runs the first case that holds, else `else`, else nothing",
  Effect.gen(function* () {
    const text = (more: string) => `
run = ["s"]
[input.size]
type = "string"
[step.s]
type = "switch"
cases = [{ when = { input = { name = "size", equals = "small" } }, step = "a" }, { when = { input = { name = "size", equals = "large" } }, step = "b" }]
${more}
${agents("a", "b", ...(more === "" ? [] : ["c"]))}`
    const at = (size: string, more: string) =>
      Effect.flatMap(plan(text(more)), (parsed) => finish(parsed, { run: { input: { size } } }))
    expect(answered(yield* at("large", 'else = "c"')).by).toBe("b")
    expect(answered(yield* at("odd", 'else = "c"')).by).toBe("c")
    const none = yield* at("odd", "")
    expect(answered(none).by).toBe("")
    expect(said_by(none, "step_skipped").map(({ step }) => step)).toEqual(["s"])
  }),
)

effect(
  "another pipeline runs as a step with inputs of its own, and its steps are named below it",
  Effect.gen(function* () {
    const main = `
run = ["a", "ship", "t"]
${agents("a")}
[step.ship]
type = "pipeline"
pipeline = "other"
input = { what = "the {{ steps.a.answer }}", times = "3" }
[step.t]
type = "transform"
template = "{{ steps.ship.answer }}"
`
    const other = `
run = ["f"]
[input.what]
type = "string"
required = true
[input.times]
type = "number"
[step.f]
type = "fallback"
try = ["b", "c"]
[step.b]
type = "agent"
agent = "b"
prompt = "{{ input.what }} {{ input.times }}"
[step.c]
type = "agent"
agent = "c"
prompt = "p"
`
    const end = yield* finish(yield* plan({ main, other }), {
      agent: ({ call }) => (call.agent === "b" ? failed("auth") : said(`${call.agent}!`)),
    })
    expect(answered(end)).toMatchObject({ text: "c!", by: "t" })
    expect(end.starts).toEqual(["a", "ship/f/b", "ship/f/c"])
    expect(end.kept.starts.map(({ step }) => step)).toEqual(["a", "ship/b", "ship/c"])
    expect(end.kept.starts[1]?.call?.prompt).toBe("the a! 3")
    expect(said_by(end, "candidate_chosen")).toMatchObject([
      { step: "ship/f", data: { candidate: "ship/b" } },
      { step: "ship/f", data: { candidate: "ship/c" } },
    ])
  }),
)

effect(
  "a session is taken over from another step, and a missing one starts anew",
  Effect.gen(function* () {
    const parsed = yield* plan(`run = ["a", "b"]${agents("a").replace('agent = "a"', 'agent = "resumer"')}
[step.b]
type = "agent"
agent = "resumer"
prompt = "go on"
session = "a"
`)
    const session: Script["session"] = (agent, from) =>
      Effect.succeed(agent === "resumer" && from !== "continue" && from.step === "a" ? "s9" : undefined)
    expect((yield* finish(parsed, { session })).kept.starts[1]?.call?.session).toEqual({ id: "s9" })
    expect((yield* finish(parsed, {})).kept.starts[1]?.call?.session).toBeUndefined()
  }),
)

effect(
  "a session is named by its id, which may be given as input, and branched off",
  Effect.gen(function* () {
    const parsed = yield* plan(`run = ["a"]
[input.session]
type = "string"
[step.a]
type = "agent"
agent = "resumer"
prompt = "go on"
session = "id:{{ input.session }}"
fork = true
`)
    const asked = (input: Record<string, unknown>) =>
      Effect.map(finish(parsed, { run: { input } }), ({ kept }) => kept.starts[0]?.call?.session)
    expect(yield* asked({ session: "s-{{ 7" })).toEqual({ id: "s-{{ 7", fork: true })
    expect(yield* asked({})).toBeUndefined()
  }),
)

effect(
  "a plugin's kind gets the contract's context and nothing more, and can start agents and steps",
  Effect.gen(function* () {
    const parsed = yield* plan(`run = ["t"]\n[step.t]\ntype = "transform"\ntemplate = "x"${agents("a", "b")}`)
    const seen: Array<string> = []
    const kind = {
      ...parsed.steps.get("t")!.kind,
      plugin: "outside",
      run: Effect.fnUntraced(function* (_: unknown, context: StepContext) {
        seen.push(...Object.keys(context))
        const first = yield* context.agent({ agent: "a", prompt: "1" })
        const second = yield* context.agent({ agent: "b", prompt: "2" })
        const step = yield* context.step("a")
        return { text: [first.text, second.text, step?.by].join(", ") }
      }),
    }
    const steps = new Map(parsed.steps).set("t", { ...parsed.steps.get("t")!, kind })
    const end = yield* finish({ ...parsed, steps }, {})
    expect(answered(end)).toEqual({ text: "a answers, b answers, a", by: "t" })
    expect(end.starts).toEqual(["t", "t+2", "t/a"])
    expect(seen).not.toContain("frame")
  }),
)
