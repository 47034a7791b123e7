import { expect } from "bun:test"
import { Effect, Layer, Schema, Stream } from "effect"
import type { AgentHandle } from "../plugin/Catalogue.ts"
import { agents, catalogue, fakeAgent, planOf, processes } from "../testing/catalogue.ts"
import { live } from "../testing/effect.ts"
import { Processes } from "../services/Processes.ts"
import { SecretMissing, Secrets } from "../services/Secrets.ts"
import { Preview, preview, type Request, text } from "./Preview.ts"

const services = Layer.mergeAll(
  Layer.succeed(Processes, processes),
  Layer.succeed(
    Secrets,
    Secrets.of({
      get: (name) => Effect.fail(new SecretMissing({ name })),
      redact: (text) => text.replaceAll("hunter2", "[redacted]"),
      redactKnown: (text) => text.replaceAll("hunter2", "[redacted]"),
    }),
  ),
)

// Programs that are there on every machine, and one that is on none.
const here = new Map([
  ...agents,
  ["claude", fakeAgent("claude", { model: true }, "sh")] as const,
  ["codex", fakeAgent("codex", { model: true }, "env")] as const,
  ["opencode", fakeAgent("opencode", {}, "hub-test-no-such-program")] as const,
])

const request = (given: Partial<Request> & Pick<Request, "plan">): Request => ({
  catalogue: { ...catalogue, agents: here },
  cwd: "/",
  project: undefined,
  input: { task: "add a flag for hunter2" },
  prompt: "",
  cooling: () => Effect.succeed(undefined),
  ...given,
})

const file = `run = ["write", "pick", "check", "review"]
[input.task]
type = "string"
[step.write]
type = "fallback"
try = ["night", "local", "claude", "codex", "desperate"]
[step.night]
type = "agent"
agent = "claude"
prompt = "x"
when = { env = { name = "NIGHT", set = true } }
[step.local]
type = "agent"
agent = "opencode"
prompt = "x"
[step.claude]
type = "agent"
agent = "claude"
model = "opus"
prompt = "{{ input.task }}"
[step.codex]
type = "agent"
agent = "codex"
prompt = "{{ input.task }}"
[step.desperate]
type = "agent"
agent = "codex"
prompt = "x"
when = { failed = ["auth"] }
[step.pick]
type = "switch"
cases = [{ when = { input = { name = "task", matches = "^fix" } }, step = "fix" }, { when = { env = { name = "CI", set = true } }, step = "add" }]
else = "fix"
[step.fix]
type = "transform"
template = "fixed"
[step.add]
type = "transform"
template = "added"
[step.check]
type = "verify"
command = ["hub-test-no-such-program"]
[step.review]
type = "agent"
agent = "codex"
prompt = "Review {{ steps.write.answer }}"
`

live(
  "says what would run now and why, and starts nothing",
  services,
  Effect.gen(function* () {
    const shown = yield* preview(request({ plan: yield* planOf({ p: file }) }))
    expect(yield* Schema.decodeUnknownEffect(Preview)(shown)).toEqual(shown)
    expect(text(shown)).toBe(`p  pipelines/p.toml
write        fallback  runs
  night      agent claude (when env)  skipped: NIGHT is not set
      sh -- x
  local      agent opencode  fails: cannot start "hub-test-no-such-program": not found on PATH
      hub-test-no-such-program -- x
  claude     agent claude, opus  runs
      sh --model opus -- "add a flag for [redacted]"
  codex      agent codex  later: only when claude fails
      env -- "add a flag for [redacted]"
  desperate  agent codex (when failed)  later: depends on how the candidate before it fails; no candidate has failed before
      env -- x
pick         switch  runs
  fix        transform  skipped: input task is "add a flag for hunter2"
  add        transform  runs
  fix        transform  skipped: a case before it holds
check        verify hub-test-no-such-program  fails: cannot start "hub-test-no-such-program": not found on PATH
    hub-test-no-such-program
review       agent codex  runs
    env -- "Review …"`)
    expect(
      shown.steps
        .find(({ step }) => step === "pick")
        ?.conditions.map(({ condition, holds }) => [condition, holds]),
    ).toEqual([
      ["input", false],
      ["env", true],
    ])
  }),
)

/** A fallback over these agents, as the steps `a`, `b`, … */
const trying = (...ids: ReadonlyArray<string>) => {
  const steps = ids.map((agent, at) => ({ agent, step: String.fromCharCode(97 + at) }))
  const tables = steps.map(
    ({ agent, step }) => `[step.${step}]\ntype = "agent"\nagent = "${agent}"\nprompt = "x"\n`,
  )
  const names = JSON.stringify(steps.map(({ step }) => step))
  return planOf({ p: `run = ["f"]\n[step.f]\ntype = "fallback"\ntry = ${names}\n${tables.join("")}` })
}

live(
  "a fallback passes over a cooling agent and fails when no candidate can start",
  services,
  Effect.gen(function* () {
    const plan = yield* trying("claude", "opencode")
    const cooling = (agent: string) =>
      Effect.succeed(
        agent === "claude" ? ({ until: 0, class: "rate_limited", because: "told so" } as const) : undefined,
      )
    const { steps } = yield* preview(request({ plan, cooling }))
    expect(steps.map(({ step, outcome, because }) => [step, outcome, because])).toEqual([
      ["f", "fails", "nothing in it can start"],
      ["a", "skipped", "cooling after rate_limited until 1970-01-01T00:00:00.000Z: told so"],
      ["b", "fails", 'cannot start "hub-test-no-such-program": not found on PATH'],
    ])
  }),
)

live(
  "a fallback whose agents are all cooling asks the one that cools the shortest",
  services,
  Effect.gen(function* () {
    const plan = yield* trying("claude", "codex")
    const cooling = (agent: string) =>
      Effect.succeed({ until: agent === "claude" ? 2 : 1, class: "overloaded", because: "busy" } as const)
    const { steps } = yield* preview(request({ plan, cooling }))
    expect(steps.map(({ step, outcome }) => [step, outcome])).toEqual([
      ["f", "runs"],
      ["a", "skipped"],
      ["b", "runs"],
    ])
  }),
)

live(
  "of an agent that is spoken with is known whether its program is there",
  services,
  Effect.gen(function* () {
    const spoken = (id: string, program?: string): AgentHandle => ({
      kind: "stream",
      id,
      plugin: id,
      summary: id,
      program,
      supports: {},
      probe: undefined,
      run: () => Stream.empty,
    })
    const plan = yield* trying("claude", "codex", "opencode")
    const all = [spoken("claude", "hub-test-no-such-program"), spoken("codex", "sh"), spoken("opencode")]
    const catalogued = { ...catalogue, agents: new Map(all.map((agent) => [agent.id, agent])) }
    const { steps } = yield* preview(request({ plan, catalogue: catalogued }))
    expect(steps.map(({ step, outcome, because }) => [step, outcome, because])).toEqual([
      ["f", "runs", ""],
      ["a", "fails", 'cannot start "hub-test-no-such-program": not found on PATH'],
      ["b", "runs", ""],
      ["c", "later", "only when b fails"],
    ])
  }),
)
