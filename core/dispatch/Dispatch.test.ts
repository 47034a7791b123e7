import { expect } from "bun:test"
import { Duration, Effect } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const caller: Caller = { door: "cli", client: "test" }
const long = Duration.seconds(20)

const finished = (request: {
  agent?: string
  fallback?: ReadonlyArray<string>
  pipeline?: string
  prompt?: string
}) =>
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const home = yield* Home
    const { run_id } = yield* dispatch.accept({ prompt: "do it", cwd: home.path, ...request }, caller)
    return yield* dispatch.check(run_id, long)
  })

live(
  "the third agent answers when the first is limited and the second out of quota",
  hub({
    agents: [
      shell("first", "echo FAIL rate_limited slow down; exit 1"),
      shell("second", "echo FAIL quota_exhausted none left"),
      shell("third", "cat; echo; echo hello"),
    ],
  }),
  Effect.gen(function* () {
    const view = yield* finished({ agent: "first", fallback: ["second", "third"] })
    expect(view).toMatchObject({ state: "succeeded", answer: "hello", answered_by: "third" })
    expect(view.attempts.map(({ agent, state, failure }) => [agent, state, failure?.class])).toEqual([
      ["first", "failed", "rate_limited"],
      ["second", "failed", "quota_exhausted"],
      ["third", "succeeded", undefined],
    ])
    const events = yield* Events
    const all = yield* events.read(view.run_id, 0)
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1))
    expect(all.at(-1)?.type).toBe("run_succeeded")
  }),
)

live(
  "an early sign that no progress follows ends the attempt within patience",
  hub({
    agents: [shell("stuck", "echo EARLY overloaded busy; sleep 60"), shell("other", "echo ok")],
    pipelines: {
      quick: `
run = ["both"]
[defaults]
patience = "200 millis"
[step.both]
type = "fallback"
try = ["stuck", "other"]
[step.stuck]
type = "agent"
agent = "stuck"
prompt = "x"
[step.other]
type = "agent"
agent = "other"
prompt = "x"
`,
    },
  }),
  Effect.gen(function* () {
    const view = yield* finished({ pipeline: "quick" })
    expect(view).toMatchObject({ state: "succeeded", answered_by: "other" })
    expect(view.attempts[0]?.failure).toMatchObject({ class: "overloaded", message: "busy" })
  }),
)
