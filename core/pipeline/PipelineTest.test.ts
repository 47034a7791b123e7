import { expect } from "bun:test"
import { Effect, Layer } from "effect"
import { perform } from "../dispatch/Rehearsal.ts"
import { live } from "../testing/effect.ts"
import { hub } from "../testing/hub.ts"
import { catalogue, plan } from "../testing/plans.ts"
import { parse } from "./Document.ts"
import * as JUnit from "./JUnit.ts"
import * as PipelineTest from "./PipelineTest.ts"

/** A real hub in a home of its own, whose agents are the stand-ins. */
const execute: PipelineTest.Execute = (stage) =>
  perform(stage).pipe(Effect.provide(hub({ agents: Array.from(stage.agents.values()) })), Effect.orDie)

const tested = Effect.fnUntraced(function* (text: string) {
  const { test } = yield* parse(text, "main.toml")
  return yield* PipelineTest.run(yield* plan(text), test, catalogue, execute)
})

const pipeline = `
run = ["write", "check"]
[input.task]
type = "string"
required = true
[step.write]
type = "fallback"
try = ["claude", "codex"]
[step.claude]
type = "agent"
agent = "claude"
prompt = "{{ input.task }}"
timeout = "20 minutes"
retry = { times = 1, base = "10 minutes", max = "20 minutes" }
[step.codex]
type = "agent"
agent = "codex"
prompt = "{{ input.task }}"
[step.check]
type = "verify"
command = ["npm", "test"]
when = { env = { name = "CI", set = true } }
`

const table = (name: string, rest: string) => `
[[test]]
name = "${name}"
input = { task = "add a flag" }
${rest}
`

live(
  "tables that hold pass: real shells stand in, and neither retries nor long work are waited for",
  Layer.empty,
  Effect.gen(function* () {
    const results = yield* tested(
      pipeline +
        table(
          "codex takes over when claude is out of credit",
          `agents.claude = { fail = "quota_exhausted" }
agents.codex = { say = "done \\"quoted\\"\\nand more", stream = ["thinking"] }
expect = { state = "succeeded", tried = ["claude", "codex"], answered_by = "check", attempts = 2, skipped = [] }`,
        ) +
        table(
          "a second attempt answers after ten minutes",
          `agents.claude = [{ fail = "rate_limited", retry_after = "15 minutes" }, { say = "late", after = "10 minutes" }]
env = { CI = "" }
expect = { state = "succeeded", tried = ["claude"], answered_by = "claude", answer = "late", attempts = 2, skipped = ["check"] }`,
        ) +
        table(
          "a stuck agent is not left for another one",
          `agents.claude = { say = "too late", after = "2 hours" }
expect = { state = "timed_out", failure = "timed_out", tried = ["claude"] }`,
        ) +
        table(
          "a cooling agent is passed over, and a failed check fails the run",
          `cooling = ["claude"]
agents.codex = { say = "ok" }
commands.check = { exit = 1, output = "2 tests failed" }
expect = { state = "failed", failure = "verification_failed", tried = ["codex"], skipped = ["claude"] }`,
        ) +
        table(
          "an exit status without an answer is a crash",
          `agents.claude = { exit = 3, stderr = "boom" }
agents.codex = { fail = "refused" }
expect = { state = "failed", failure = "refused", tried = ["claude", "codex"] }`,
        ),
    )
    expect(results.map(({ problems }) => problems)).toEqual([[], [], [], [], []])
    expect(PipelineTest.print(PipelineTest.report(results, []))).toEndWith("5 passed, 0 failed")
  }),
  60_000,
)

live(
  "a table that does not hold says what was expected, what came, and the run's decisions",
  Layer.empty,
  Effect.gen(function* () {
    const results = yield* tested(
      pipeline +
        table(
          "claude <answers>",
          `agents.claude = { fail = "auth" }
expect = { state = "succeeded", tried = ["claude"], answered_by = "claude" }`,
        ),
    )
    expect(results[0]?.problems).toEqual([
      expect.stringMatching(/^state: expected succeeded, got failed \(crashed: /),
      'tried: expected ["claude"], got ["claude","codex"]',
      "answered_by: expected claude, got nobody",
    ])
    const text = PipelineTest.print(PipelineTest.report(results, ["bare"]))
    for (const words of [
      "main\n  ✗ claude <answers>  (",
      "leaves claude: auth moves on by default",
      "bare has no tests.",
    ])
      expect(text).toContain(words)
    // Nobody said what codex does, so its stand-in says so.
    expect(text).toContain('The test does not say what agent "codex" does.')
    const xml = JUnit.xml(results)
    for (const words of ['tests="1" failures="1"', 'name="claude &lt;answers&gt;"', "<failure message="])
      expect(xml).toContain(words)
  }),
  60_000,
)

live(
  "an input that the pipeline does not take is a problem of the test, not of the program",
  Layer.empty,
  Effect.gen(function* () {
    const results = yield* tested(`${pipeline}\n[[test]]\nname = "no task"\nexpect = { state = "succeeded" }`)
    expect(results[0]?.problems[0]).toContain('input "task" is required')
  }),
)
