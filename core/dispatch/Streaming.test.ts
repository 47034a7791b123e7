/** Agents that are no local program: they end with the hub, and go on in their session. */
import { expect } from "bun:test"
import { Deferred, Duration, Effect, Layer, Stream } from "effect"
import * as Agent from "../plugin/Agent.ts"
import type { StreamAgentHandle } from "../plugin/Catalogue.ts"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { live, tempHome } from "../testing/effect.ts"
import { rooms } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"
import { Runner } from "./Runner.ts"

const caller: Caller = { door: "cli", client: "test" }

/** Says a session id and then hangs, unless it is given a session to go on with. */
const remote = (resume: boolean, begun: Deferred.Deferred<void>): StreamAgentHandle => ({
  kind: "stream",
  id: "remote",
  plugin: "test",
  summary: "remote",
  supports: { resume },
  probe: undefined,
  run: ({ session }) =>
    session === undefined
      ? Stream.concat(
          Stream.make(Agent.session("s-1")),
          Stream.fromEffect(Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)),
        )
      : Stream.make({ answer: { text: `went on in ${session.id}` } }),
})

const interruptedAndBack = (resume: boolean) =>
  Effect.gen(function* () {
    const path = yield* tempHome
    const begun = yield* Deferred.make<void>()
    const given = { agents: [remote(resume, begun)] }
    const first = Effect.gen(function* () {
      const { run_id } = yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, agent: "remote" }, caller)
      yield* Deferred.await(begun)
      yield* (yield* Runner).leave
      return run_id
    })
    const run_id = yield* Effect.scoped(Effect.provide(first, rooms(path, given), { local: true }))
    const second = Effect.gen(function* () {
      yield* (yield* Runner).resume
      const view = yield* (yield* Dispatch).check(run_id, Duration.seconds(20))
      return [view, yield* (yield* Events).read(run_id, 0)] as const
    })
    return yield* Effect.scoped(Effect.provide(second, rooms(path, given), { local: true }))
  })

live(
  "a session that can be resumed goes on as a new attempt after a restart",
  Layer.empty,
  Effect.gen(function* () {
    const [view] = yield* interruptedAndBack(true)
    expect(view).toMatchObject({ state: "succeeded", answer: "went on in s-1" })
    expect(
      view.attempts.map(({ failure, session_id, state }) => [state, failure?.class, session_id]),
    ).toEqual([
      ["failed", "interrupted", "s-1"],
      ["succeeded", undefined, undefined],
    ])
  }),
)

live(
  "one that cannot is interrupted",
  Layer.empty,
  Effect.gen(function* () {
    const [view] = yield* interruptedAndBack(false)
    expect(view).toMatchObject({
      state: "failed",
      failure: { class: "interrupted" },
      attempts: [{ attempt: 1 }],
    })
  }),
)
