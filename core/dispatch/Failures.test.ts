/** Every failure class, through a real program. */
import { expect } from "bun:test"
import { Duration, Effect } from "effect"
import type { FailureClass } from "../plugin/Failure.ts"
import type { Caller } from "../plugin/Operation.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const caller: Caller = { door: "cli", client: "test" }

/** A pipeline of one step, `main`, and what it needs besides. */
const one = (step: string, more = "") => `run = ["main"]\n[step.main]\n${step}\n${more}`
const agent = (keys: string) => one(`type = "agent"\nagent = "it"\nprompt = "x"\n${keys}`)

interface Case {
  readonly class: string
  readonly state: string
  readonly script?: string
  readonly pipeline: string
  readonly message?: RegExp
}

/** Classes that only the agent itself can know: its adapter says so. */
const told: ReadonlyArray<Case> = [
  "rate_limited",
  "quota_exhausted",
  "overloaded",
  "network",
  "auth",
  "model_unavailable",
  "context_too_long",
  "refused",
  "adapter_mismatch",
  "interrupted",
  "denied",
].map((name) => ({ class: name, state: "failed", script: `echo FAIL ${name} so it is`, pipeline: agent("") }))

const ours: ReadonlyArray<Case> = [
  { class: "crashed", state: "failed", script: "exit 7", pipeline: agent(""), message: /exit 7/ },
  { class: "crashed", state: "failed", script: "kill -SEGV $$", pipeline: agent("") },
  { class: "timed_out", state: "timed_out", script: "sleep 60", pipeline: agent('timeout = "300 millis"') },
  {
    class: "stalled",
    state: "timed_out",
    script: "echo once; sleep 60",
    pipeline: agent('stall = "300 millis"'),
    message: /No output/,
  },
  {
    class: "missing_program",
    state: "failed",
    pipeline: one('type = "verify"\ncommand = ["no-such-program"]'),
  },
  {
    class: "verification_failed",
    state: "failed",
    pipeline: one('type = "verify"\ncommand = ["sh", "-c", "echo seen; exit 3"]'),
  },
]

for (const { class: name, message, pipeline, script = "true", state } of [...told, ...ours])
  live(
    `${name} from ${script === "true" ? "a command" : `\`${script}\``}`,
    hub({ agents: [shell("it", script)], pipelines: { one: pipeline } }),
    Effect.gen(function* () {
      const dispatch = yield* Dispatch
      const { path } = yield* Home
      const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, pipeline: "one" }, caller)
      const view = yield* dispatch.check(run_id, Duration.seconds(20))
      expect(view).toMatchObject({ state, failure: { class: name, step: "main" } })
      if (message !== undefined) expect(view.failure?.message).toMatch(message)
      expect(view.attempts.at(-1)?.failure?.class ?? name).toBe(name as FailureClass)
    }),
  )

live(
  "bad_output from an answer that does not meet its schema twice",
  hub({
    agents: [{ ...shell("it", "echo not json"), supports: { output_schema: true } } as never],
    pipelines: { one: agent('output_schema = { type = "object", required = ["ok"] }') },
  }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, pipeline: "one" }, caller)
    const view = yield* dispatch.check(run_id, Duration.seconds(20))
    expect(view).toMatchObject({ state: "failed", failure: { class: "bad_output" } })
    expect(view.attempts.length).toBe(2)
  }),
)
