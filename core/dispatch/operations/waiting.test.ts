/** Operations that wait: for whom, how long, and what is told meanwhile. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { expect } from "bun:test"
import { Deferred, Effect, Fiber, Option, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Caller, Operation } from "../../plugin/Operation.ts"
import { type Progress, silent, type Talk } from "../../plugin/Talk.ts"
import { Events } from "../../services/Events.ts"
import { Home } from "../../services/Home.ts"
import { effect, live } from "../../testing/effect.ts"
import { hub, shell } from "../../testing/hub.ts"
import { passing, turn } from "../../testing/passing.ts"
import { Dispatch } from "../Dispatch.ts"
import * as Runs from "./runs.ts"

const caller: Caller = { door: "mcp", client: "test" }

/** As a door calls it: decoded, run, and its output encoded. */
const call = Effect.fnUntraced(function* (
  name: string,
  input: Readonly<Record<string, unknown>>,
  from: Caller = caller,
  talk: Talk = silent,
) {
  const found = (yield* Runs.make).find((one) => one.name === name) as Operation
  const given = yield* Schema.decodeUnknownEffect(found.input as Schema.Codec<unknown>)(input)
  const output = yield* found.run(given, from, talk) as Effect.Effect<unknown, unknown>
  yield* Schema.encodeUnknownEffect(found.output as Schema.Codec<unknown>)(output, {
    onExcessProperty: "error",
  })
  return { output: output as Readonly<Record<string, unknown>>, content: found.content?.(output) }
})

const dispatched = Effect.fnUntraced(function* (
  agent: string,
  more: Readonly<Record<string, unknown>> = {},
  from: Caller = caller,
  talk: Talk = silent,
) {
  const { path } = yield* Home
  return yield* call("dispatch", { prompt: "x", cwd: path, agent, ...more }, from, talk)
})

const said = (run_id: string, text: string) =>
  Effect.flatMap(Events, (events) =>
    events.follow(run_id, 0).pipe(
      Stream.filter(({ data }) => data["text"] === text),
      Stream.runHead,
      Effect.map(Option.getOrThrow),
    ),
  )

/** A talk that keeps what it is told, and whoever waits for the first of it. */
const keeping = Effect.gen(function* () {
  const first = yield* Deferred.make<Progress>()
  const told: Array<Progress> = []
  const progress = (one: Progress) =>
    Effect.andThen(
      Effect.sync(() => told.push(one)),
      Deferred.succeed(first, one),
    )
  const talk: Talk = { ...silent, progress: (one) => Effect.asVoid(progress(one)) }
  return { first: Deferred.await(first), told, talk }
})

const cancelled = (run_id: string) => Effect.flatMap(Dispatch, (dispatch) => dispatch.cancel(run_id))

const quick = shell("quick", "echo done")
const broken = shell("broken", "echo FAIL refused by policy")
const slow = shell("slow", "echo begun; sleep 60")
/** Writes a hundred lines, each an event, and works on. */
const chatty = shell("chatty", "for i in $(seq 100); do echo line $i; done; sleep 60")

live(
  "a dispatch that waits for nobody answers with the id alone, and how to go on",
  hub({ agents: [quick] }),
  Effect.gen(function* () {
    const { content, output } = yield* dispatched("quick")
    expect(Object.keys(output)).toEqual(["run_id", "state"])
    expect(content).toMatchObject([{ kind: "text", text: expect.stringContaining("check_dispatch") }])
  }),
)

live(
  "a dispatch that waits answers with the answer, or with why there is none",
  hub({ agents: [quick, broken] }),
  Effect.gen(function* () {
    const { output } = yield* dispatched("quick", { wait_seconds: 20 })
    expect(output).toMatchObject({ state: "succeeded", answer: "done", attempts: [{ agent: "quick" }] })
    expect(output["next"]).toBeUndefined()
    const failed = yield* dispatched("broken", { wait_seconds: 20 })
    expect(failed.output).toMatchObject({
      state: "failed",
      failure: { class: "refused", message: "by policy" },
    })
  }),
)

effect(
  "who waits is answered before its patience ends, and told how to go on",
  Effect.gen(function* () {
    const { first, talk } = yield* keeping
    const hurried = { ...caller, patience_seconds: 7 }
    const fiber = yield* Effect.forkChild(dispatched("slow", { wait_seconds: 600 }, hurried, talk))
    yield* first
    yield* TestClock.adjust("7 seconds")
    const { content, output } = yield* Fiber.join(fiber)
    expect(output).toMatchObject({ state: "running" })
    expect(output["next"]).toStartWith("Still running.")
    expect(content?.at(-1)).toEqual({ kind: "text", text: String(output["next"]) })

    const run_id = String(output["run_id"])
    yield* said(run_id, "begun")
    const again = yield* keeping
    const checking = yield* Effect.forkChild(
      call("check_dispatch", { run_id, wait_seconds: 600 }, hurried, again.talk),
    )
    const events = yield* Events
    // The first one may come before it listens; the next one does not.
    const happens = events.append(run_id, [{ type: "agent_message", data: { text: "still here" } }])
    const heard = Effect.raceFirst(again.first, Effect.forever(Effect.andThen(happens, turn)))
    expect(yield* heard).toMatchObject({ message: "still here" })
    yield* TestClock.adjust("7 seconds")
    expect((yield* Fiber.join(checking)).output).toMatchObject({ state: "running", next: output["next"] })
    yield* passing(cancelled(run_id))
  }).pipe(Effect.provide(hub({ agents: [slow] }))),
)

effect(
  "what happens is told as it happens, the newest four times a second",
  Effect.gen(function* () {
    const { first, talk, told } = yield* keeping
    const fiber = yield* Effect.forkChild(dispatched("chatty", { wait_seconds: 600 }, caller, talk))
    const { message } = yield* first
    expect(message).toBe("chatty: chatty starts")
    const [run] = (yield* call("list_dispatches", {})).output["runs"] as ReadonlyArray<{ run_id: string }>
    const { seq } = yield* said(run!.run_id, "line 100")
    yield* turn
    yield* TestClock.adjust("250 millis")
    yield* TestClock.adjust("249 millis")
    expect(told.map(({ message }) => message)).toEqual(["chatty: chatty starts", "chatty: line 100"])
    expect(told.at(-1)?.done).toBe(seq)
    yield* Fiber.interrupt(fiber)
    yield* passing(cancelled(run!.run_id))
  }).pipe(Effect.provide(hub({ agents: [chatty] }))),
)
