/** What an agent asks: the run waits, whoever may answers, and the agent goes on. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { Database as Sqlite } from "bun:sqlite"
import { expect } from "bun:test"
import { Duration, Effect, Fiber, Option, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Agent from "../plugin/Agent.ts"
import type { StreamAgentHandle } from "../plugin/Catalogue.ts"
import type { Caller, Operation, OperationFailed } from "../plugin/Operation.ts"
import { silent } from "../plugin/Talk.ts"
import { Events } from "../services/Events.ts"
import { Home } from "../services/Home.ts"
import { effect, live, tempHome } from "../testing/effect.ts"
import { hub, rooms } from "../testing/hub.ts"
import { passing } from "../testing/passing.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Answer from "./operations/answer.ts"
import { Runner } from "./Runner.ts"

const caller: Caller = { door: "cli", client: "tester" }

const push: Agent.PermissionQuestion = {
  tool: "execute",
  text: "Push the branch",
  command: "git push --force",
  choices: [
    { id: "once", name: "Allow", kind: "allow" },
    { id: "always", name: "Always allow", kind: "allow_always" },
    { id: "no", name: "Reject", kind: "deny" },
  ],
}

const handle = (run: StreamAgentHandle["run"], supports: Agent.Supports = {}): StreamAgentHandle => ({
  kind: "stream",
  id: "asker",
  plugin: "test",
  summary: "asks",
  supports,
  probe: undefined,
  run,
})

const choiceOf = ({ because, choice }: Agent.Reply) => `${choice?.id ?? "nothing"}: ${because}`

/** Asks each question, and answers with what it was told. */
const asking = (...questions: ReadonlyArray<Agent.PermissionQuestion>) =>
  handle((_, host) =>
    Stream.fromEffect(
      Effect.map(
        Effect.forEach(questions, (one) => host.ask(one), { concurrency: "unbounded" }),
        (replies) => ({ answer: { text: replies.map(choiceOf).join("\n") } }),
      ),
    ),
  )

const dispatched = Effect.gen(function* () {
  const { path } = yield* Home
  return (yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, agent: "asker" }, caller)).run_id
})

/** Returns when the run has told the `nth` event of this type. */
const told = (run_id: string, type: string, nth = 1) =>
  Effect.flatMap(Events, (events) =>
    events.follow(run_id, 0).pipe(
      Stream.filter((event) => event.type === type),
      Stream.drop(nth - 1),
      Stream.runHead,
      Effect.map(Option.getOrThrow),
    ),
  )

/** As a door calls it. */
const answer = Effect.fnUntraced(function* (input: object, from: Caller = caller) {
  const [operation] = (yield* Answer.make) as [Operation]
  const given = yield* Schema.decodeUnknownEffect(operation.input as Schema.Codec<unknown>)(input, {
    onExcessProperty: "error",
  })
  return yield* operation.run(given, from, silent) as Effect.Effect<unknown, unknown>
})

const refusal = (input: object, from?: Caller) =>
  Effect.map(Effect.flip(answer(input, from)), (error) => error as OperationFailed)

const check = (run_id: string, wait?: Duration.Duration) =>
  Effect.flatMap(Dispatch, (dispatch) => dispatch.check(run_id, wait))

live(
  "a question makes its run wait, is shown whole, and its answer lets the agent go on",
  hub({ agents: [asking(push)] }),
  Effect.gen(function* () {
    const run_id = yield* dispatched
    const view = yield* check(run_id, Duration.seconds(60))
    expect(view).toMatchObject({
      state: "waiting",
      questions: {
        "1.1": {
          kind: "form",
          message: "asker asks: Push the branch\ngit push --force",
          schema: { required: ["choice"] },
          agent: "asker",
          tool: "execute",
          command: "git push --force",
          attempt: 1,
        },
      },
    })
    expect(yield* answer({ run_id, choice: "allow", note: "it is my branch" })).toEqual({
      run_id,
      answered: [{ id: "1.1", choice: "once" }],
    })
    const done = yield* check(run_id, Duration.seconds(60))
    expect(done).toMatchObject({ state: "succeeded", answer: "once: tester answered: it is my branch" })
    expect(done.questions).toBeUndefined()
    expect((yield* told(run_id, "input_required")).data).toMatchObject({
      id: "1.1",
      command: "git push --force",
    })
    expect((yield* told(run_id, "input_answered")).data).toMatchObject({ id: "1.1", choice: "once" })
  }),
)

live(
  "of several questions each is answered by its id, and the run waits for the last",
  hub({ agents: [asking(push, { ...push, text: "Delete the branch" })] }),
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required", 2)
    expect(yield* refusal({ run_id, choice: "allow" })).toMatchObject({
      code: "invalid",
      message: expect.stringContaining("1.1 (Push the branch), 1.2 (Delete the branch)"),
    })
    yield* answer({ run_id, choice: "deny", id: "1.2" })
    yield* told(run_id, "input_answered")
    expect(yield* refusal({ run_id, choice: "allow", id: "7.7" })).toMatchObject({ code: "not_found" })
    expect(yield* refusal({ run_id, choice: "perhaps", id: "1.1" })).toMatchObject({
      code: "invalid",
      message: '"perhaps" is no answer to it. Known: allow, allow-always, deny.',
    })
    yield* answer({ run_id, replies: { "1.1": { action: "accept", content: { choice: "always" } } } })
    const { answer: text } = yield* check(run_id, Duration.seconds(60))
    expect(text).toBe("always: tester answered.\nno: tester answered.")
    expect(yield* refusal({ run_id, choice: "allow" })).toMatchObject({ code: "conflict" })
  }),
)

live(
  "a closed form denies, and no run answers what a run asks",
  hub({ agents: [asking(push)] }),
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required")
    expect(yield* refusal({ run_id, choice: "allow" }, { ...caller, parent_run: run_id })).toMatchObject({
      code: "denied",
    })
    expect(yield* refusal({ run_id })).toMatchObject({ code: "invalid" })
    yield* answer({ run_id, replies: { "1.1": { action: "cancel" } } })
    expect((yield* check(run_id, Duration.seconds(60))).answer).toStartWith("no: ")
  }),
)

effect(
  "nobody answers: denied after half an hour, which the step's own limit does not count",
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required")
    // The limit of a step is 30 minutes unless told, as long as the question's own.
    yield* TestClock.adjust("29 minutes")
    expect((yield* check(run_id)).state).toBe("waiting")
    const view = yield* passing(check(run_id, Duration.hours(2)))
    expect(view.state).toBe("waiting")
    const ended = yield* passing(
      Effect.flatMap(Runner, (runner) => Effect.andThen(runner.awaitEnd(run_id), check(run_id))),
    )
    expect(ended).toMatchObject({ state: "succeeded", answer: "no: Nobody answered within 30m." })
  }).pipe(Effect.provide(hub({ agents: [asking(push)] }))),
)

effect(
  "the limit of a step goes on when the wait is over",
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required")
    yield* TestClock.adjust("20 minutes")
    yield* answer({ run_id, choice: "allow" })
    yield* told(run_id, "input_answered")
    const fiber = yield* Effect.forkChild(Effect.flatMap(Runner, (runner) => runner.awaitEnd(run_id)))
    yield* passing(Fiber.join(fiber))
    expect(yield* check(run_id)).toMatchObject({
      state: "timed_out",
      failure: { class: "timed_out" },
      attempts: [{ duration_ms: expect.any(Number) }],
    })
  }).pipe(
    Effect.provide(
      hub({
        agents: [
          handle((_, host) =>
            Stream.concat(
              Stream.drain(Stream.fromEffect(host.ask(push))),
              Stream.never as Stream.Stream<never>,
            ),
          ),
        ],
      }),
    ),
  ),
)

live(
  "a cancelled run asks nothing any more",
  hub({ agents: [asking(push)] }),
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required")
    yield* (yield* Dispatch).cancel(run_id)
    expect(yield* check(run_id)).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] })
    expect((yield* refusal({ run_id, choice: "allow" })).message).toContain("has ended: cancelled")
  }),
)

/** Asks in a session, and asks anew when it is resumed in it. */
const persistent = handle(
  ({ session }, host) =>
    Stream.concat(
      Stream.make(Agent.session("s-1")),
      Stream.fromEffect(
        Effect.map(host.ask(push), (reply) => ({
          answer: { text: `${session?.id ?? "new"} ${reply.choice?.id}` },
        })),
      ),
    ),
  { resume: true },
)

live(
  "a question that a stopped hub left open is asked anew by the next one, in the same session",
  hub({ agents: [] }),
  Effect.gen(function* () {
    const path = yield* tempHome
    const over = <A, E, R>(body: Effect.Effect<A, E, R>) =>
      Effect.scoped(Effect.provide(body, rooms(path, { agents: [persistent] }), { local: true }))
    const run_id = yield* over(
      Effect.gen(function* () {
        const run_id = yield* dispatched
        yield* told(run_id, "input_required")
        yield* (yield* Runner).leave
        return run_id
      }),
    )
    const view = yield* over(
      Effect.gen(function* () {
        yield* (yield* Runner).resume
        const waiting = yield* check(run_id, Duration.seconds(60))
        expect(Object.keys(waiting.questions ?? {})).toEqual(["2.1"])
        yield* answer({ run_id, choice: "allow" })
        return yield* check(run_id, Duration.seconds(60))
      }),
    )
    expect(view).toMatchObject({ state: "succeeded", answer: "s-1 once" })
    expect(view.attempts.map(({ failure }) => failure?.class)).toEqual(["interrupted", undefined])
  }),
)

/** Another program that writes to the database until `end`. */
const writing = (home: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const sqlite = new Sqlite(`${home}/hub.db`, { readwrite: true })
      sqlite.run("begin immediate")
      return { end: Effect.sync(() => sqlite.run("rollback")), sqlite }
    }),
    ({ sqlite }) => Effect.sync(() => sqlite.close()),
  )

/** All of its questions are there before the first one can be kept. */
const crowding = handle(({ cwd }, host) =>
  Stream.unwrap(
    Effect.map(writing(cwd), ({ end }) => {
      const asks = Array.from({ length: 21 }, () => Effect.map(host.ask(push), choiceOf))
      const asked = Effect.all(asks, { concurrency: "unbounded" })
      return Stream.fromEffect(
        Effect.map(Effect.all([asked, end], { concurrency: "unbounded" }), ([told]) => ({
          answer: { text: told.sort().join("\n") },
        })),
      )
    }),
  ),
)

live(
  "more open questions than a person can look at are denied, also when they come at once",
  hub({ agents: [crowding] }),
  Effect.gen(function* () {
    const run_id = yield* dispatched
    yield* told(run_id, "input_required", 20)
    const { questions = {} } = yield* check(run_id)
    expect(Object.keys(questions)).toHaveLength(20)
    for (const id of Object.keys(questions)) yield* answer({ run_id, choice: "deny", id })
    const { answer: text } = yield* check(run_id, Duration.seconds(60))
    expect(text?.split("\n")).toEqual([
      "no: The run has 20 open questions already.",
      ...Array.from({ length: 20 }, () => "no: tester answered."),
    ])
  }),
)
