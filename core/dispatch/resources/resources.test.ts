/** Resources of core: what is read, when it is said to have changed, and what completes a name. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { expect } from "bun:test"
import * as fs from "node:fs"
import { type Cause, Effect, Fiber, Option, Queue, Stream } from "effect"
import { of as failure } from "../../plugin/Failure.ts"
import type { Caller, OperationFailed } from "../../plugin/Operation.ts"
import type { Resource, Variables } from "../../plugin/Resource.ts"
import { silent } from "../../plugin/Talk.ts"
import { Events } from "../../services/Events.ts"
import { Files } from "../../services/Files.ts"
import { Home } from "../../services/Home.ts"
import { live } from "../../testing/effect.ts"
import { hub, shell } from "../../testing/hub.ts"
import { Cooldowns } from "../Cooldowns.ts"
import { Dispatch } from "../Dispatch.ts"
import * as Resources from "./index.ts"

const caller: Caller = { door: "mcp", client: "test" }
const text = 'description = "Answers."\nrun = ["a"]\n[step.a]\ntype = "agent"\nagent = "it"\nprompt = "x"\n'
const given = {
  agents: [shell("it", "until test -e go; do sleep 0.02; done; echo done")],
  pipelines: { answer: text, broken: "run = 1" },
}

const resource = (uri: string) =>
  Effect.map(Resources.make, (all) => all.find((one) => one.uri === uri) as Resource)

const read = (uri: string, variables: Variables = {}) =>
  Effect.flatMap(
    resource(uri),
    (one) => one.read(variables, caller, silent) as Effect.Effect<string, OperationFailed>,
  )

const parsed = (uri: string, variables?: Variables) =>
  Effect.map(read(uri, variables), (text) => JSON.parse(text) as Record<string, unknown>)

const changes = (uri: string, variables: Variables = {}) =>
  Effect.map(resource(uri), (one) => one.changes?.(variables) as Stream.Stream<unknown>)

const complete = (uri: string, typed: string) =>
  Effect.flatMap(resource(uri), (one) => one.complete?.("id", typed) as Effect.Effect<ReadonlyArray<string>>)

/** One reading for each change, and the end. */
const queued = Effect.fnUntraced(function* (uri: string, variables?: Variables) {
  const queue = yield* Queue.unbounded<Record<string, unknown>, Cause.Done>()
  const all = Stream.mapEffect(yield* changes(uri, variables), () => Effect.orDie(parsed(uri, variables)))
  yield* Effect.forkScoped(Stream.runIntoQueue(all, queue))
  return queue
})

const readings = (uri: string, variables?: Variables) => Effect.map(queued(uri, variables), Stream.fromQueue)

const accepted = Effect.gen(function* () {
  const { path } = yield* Home
  return (yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, agent: "it" }, caller)).run_id
})

const go = Effect.map(Home, ({ path }) => fs.writeFileSync(`${path}/go`, ""))

live(
  "a run reads as check_dispatch tells it, changes until it has ended, and then no more",
  hub(given),
  Effect.gen(function* () {
    const id = yield* accepted
    const all = yield* readings("hub://runs/{id}", { id })
    const events = yield* readings("hub://runs/{id}/events", { id })
    yield* go
    const last = Option.getOrThrow(yield* Stream.runLast(all))
    expect(last).toMatchObject({ run_id: id, state: "succeeded", answer: "done" })
    expect(yield* parsed("hub://runs/{id}", { id: id.slice(-6) })).toEqual(last)
    expect(Option.getOrThrow(yield* Stream.runLast(events))).toMatchObject({
      ended: true,
      state: "succeeded",
    })
    expect(yield* Stream.runCollect(yield* changes("hub://runs/{id}", { id }))).toEqual([])
    expect(yield* Stream.runCollect(yield* changes("hub://runs/{id}", { id: "nobody" }))).toEqual([])
    expect(yield* Effect.flip(read("hub://runs/{id}", { id: "nobody" }))).toMatchObject({ code: "not_found" })
  }),
)

live(
  "of many events the newest are read, with how to get the others",
  hub(given),
  Effect.gen(function* () {
    const id = yield* accepted
    const events = yield* Events
    const message = (text: string) => ({ type: "agent_message", data: { text } })
    yield* events.append(
      id,
      Array.from({ length: 300 }, (_, at) => message(`m${at}`)),
    )
    const page = yield* parsed("hub://runs/{id}/events", { id })
    const found = page["events"] as ReadonlyArray<{ seq: number; data: { text: string } }>
    expect(found).toHaveLength(200)
    expect(found.at(-1)?.seq).toBe(Number(page["last_seq"]))
    expect(page).toMatchObject({ run_id: id, ended: false })
    expect(page["note"]).toContain(`Events 1 to ${(found[0]?.seq ?? 0) - 1} `)
    expect(page["note"]).toContain("run_events")
    const large = Array.from({ length: 100 }, (_, at) => ({
      type: "tool_finished",
      data: Object.fromEntries(["a", "b", "c"].map((key) => [key, `${at}`.repeat(3000).slice(0, 3900)])),
    }))
    yield* events.append(id, large)
    const bytes = (yield* read("hub://runs/{id}/events", { id })).length
    expect(bytes).toBeLessThan(600 * 1024)
    expect(bytes).toBeGreaterThan(400 * 1024)
  }),
)

live(
  "the list of runs changes with each start and each end",
  hub(given),
  Effect.gen(function* () {
    const all = yield* readings("hub://runs")
    const states = Stream.map(all, ({ runs }) =>
      (runs as ReadonlyArray<{ state: string }>).map(({ state }) => state),
    )
    yield* Effect.yieldNow
    yield* accepted
    yield* go
    const seen = Stream.takeUntil(states, ([state]) => state === "succeeded")
    expect((yield* Stream.runCollect(seen)).at(-1)).toEqual(["succeeded"])
  }),
)

live(
  "ids of runs are completed by how they begin or end, newest first",
  hub(given),
  Effect.gen(function* () {
    const first = yield* accepted
    const second = yield* accepted
    expect(yield* complete("hub://runs/{id}", "")).toEqual([second, first])
    expect(yield* complete("hub://runs/{id}/events", first.slice(0, 4))).toEqual([second, first])
    expect(yield* complete("hub://runs/{id}", first.slice(-8))).toEqual([first])
    expect(yield* complete("hub://runs/{id}", "zzzzzz")).toEqual([])
    expect(yield* complete("hub://runs/{id}", "%")).toEqual([])
  }),
)

live(
  "a pipeline reads as it is written, and changes when a nearer one takes its place",
  hub(given),
  Effect.gen(function* () {
    const { pipelines } = yield* Home
    expect(yield* read("hub://pipelines/{id}", { id: "answer" })).toBe(text)
    expect(yield* complete("hub://pipelines/{id}", "an")).toEqual(["answer"])
    const missing = yield* Effect.flip(read("hub://pipelines/{id}", { id: "../answer" }))
    expect(missing).toMatchObject({ code: "not_found", message: expect.stringContaining("answer") })
    expect(yield* parsed("hub://pipelines")).toMatchObject({
      pipelines: [
        { id: "answer", description: "Answers." },
        { id: "broken", problem: expect.any(String) },
      ],
    })

    const one = yield* changes("hub://pipelines/{id}", { id: "answer" })
    const watching = yield* Effect.forkChild(Stream.runHead(one))
    const list = yield* Effect.forkChild(Stream.runHead(yield* changes("hub://pipelines")))
    // A change may come before the first reading; the next one does not.
    const files = yield* Files
    const write = Effect.suspend(() =>
      files.write(`${pipelines}/answer.toml`, text.replace("Answers.", `Answers ${crypto.randomUUID()}.`)),
    )
    // To its end also when it is not needed any more: the folder goes away with the test.
    const writing = Effect.andThen(Effect.uninterruptible(write), Effect.sleep("50 millis"))
    const writer = yield* Effect.forkScoped(Effect.forever(writing))
    expect(Option.isSome(yield* Fiber.join(watching))).toBe(true)
    expect(Option.isSome(yield* Fiber.join(list))).toBe(true)
    yield* Fiber.interrupt(writer)
    expect(yield* read("hub://pipelines/{id}", { id: "answer" })).toStartWith('description = "Answers ')
  }),
)

live(
  "agents change when one must rest, and again when it has rested",
  hub(given),
  Effect.gen(function* () {
    const cooldowns = yield* Cooldowns
    const queue = yield* queued("hub://agents")
    const rests = ({ agents }: Record<string, unknown>) =>
      (agents as ReadonlyArray<{ cooling: ReadonlyArray<unknown> }>)[0]?.cooling.length === 1
    // One by one: what comes after the one waited for stays in the queue.
    const told = (resting: boolean) =>
      Effect.repeat(Queue.take(queue), { until: (reading) => rests(reading) === resting })
    const at = { run_id: "r1", step: "it", attempt: 1 }
    const rest = (retry_after_ms: number) =>
      Effect.suspend(() => {
        at.attempt += 1
        return cooldowns.note(at, "it", undefined, failure("rate_limited", "slow down", { retry_after_ms }))
      })
    // The first rest may begin before the first reading; the next one does not.
    const resting = Effect.forever(Effect.andThen(rest(3_600_000), Effect.sleep("50 millis")))
    const noting = yield* Effect.forkScoped(resting)
    yield* told(true)
    yield* Fiber.interrupt(noting)
    yield* rest(300)
    yield* told(false)
  }),
)
