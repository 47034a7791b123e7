/** How an adapter reads its program, without one. */
import { strict as assert } from "node:assert"
import { Effect, Schema } from "effect"
import type { AgentEvent } from "../../plugin/Agent.ts"
import { Failure, FailureClass } from "../../plugin/Failure.ts"
import type { Exit } from "../../services/Supervisor.ts"
import { requestOf } from "../request.ts"
import { type Check, exited, type Recording, type Subject } from "./Subject.ts"

const odd = [
  "",
  "{",
  "[]",
  "null",
  "42",
  '"text"',
  "{}",
  '{"type":"unknown","x":{"y":[1]}}',
  '{"type":null}',
  "\u0000\u0007",
  "half a character: \uFFFD",
  '{"type":"text","text":"\uFFFD"}',
  "plain words",
]

export const decoding = (agent: Subject, recordings: ReadonlyArray<Recording>): ReadonlyArray<Check> => [
  ...ends(agent),
  {
    name: "lines that it does not know do no harm, half characters neither",
    run: Effect.flatMap(agent.decode(requestOf(), odd, exited(1)), ({ events }) => wellFormed(events)),
  },
  {
    name: "a line of 16 MB, as much as the hub gives of one of 50 MB, does no harm",
    run: Effect.asVoid(agent.decode(requestOf(), ["x".repeat(16 * 1024 * 1024)], exited(1))),
  },
  { name: "reads the same lines the same way twice", run: twice(agent, recordings) },
  {
    name: "an early sign names its class, and comes before the agent has said that it is done",
    run: Effect.asVoid(Effect.forEach(recordings, (recording) => noLateSign(agent, recording))),
  },
  ...recordings.map((recording) => ({
    name: `${recording.name} ends as its name says`,
    run: plays(agent, recording),
  })),
]

/** Silence is no answer, however it ends. */
const ends = (agent: Subject): ReadonlyArray<Check> =>
  Object.entries({
    "no output is a failure, whatever the exit code says": exited(0),
    "an exit code above 0 without an answer is a failure": exited(3),
    "an end by a signal without an answer is a failure": exited(143, "SIGTERM"),
    "a lost process without an answer is a failure": { ...exited(null), lost: true },
    "an end by the time limit without an answer is a failure": {
      ...exited(143, "SIGTERM"),
      timed_out: true,
    },
  }).map(([name, exit]) => ({ name, run: fails(agent, [], exit) }))

/** To be read after an exit without an answer of its own. */
export const fails = (agent: Subject, lines: ReadonlyArray<string>, exit: Exit) =>
  Effect.map(agent.decode(requestOf(), lines, exit), ({ end }) =>
    assert(end instanceof Failure, `ended with the answer ${JSON.stringify(end)}; a failure was due`),
  )

const wellFormed = (events: ReadonlyArray<AgentEvent>) =>
  Effect.sync(() => {
    for (const event of events) {
      assert(
        typeof event.type === "string" && event.type !== "",
        `an event without a type: ${JSON.stringify(event)}`,
      )
      assert(typeof event.data === "object" && event.data !== null, `an event without data: ${event.type}`)
      if (event.type === "signal")
        assert(
          Schema.is(FailureClass)(event.data["class"]),
          `a signal of no known class: ${JSON.stringify(event.data)}`,
        )
    }
  })

const linesOf = (text: string) =>
  text.split(/\r\n|\n|\r/).filter((line, index, all) => line !== "" || index < all.length - 1)

const twice = (agent: Subject, recordings: ReadonlyArray<Recording>) =>
  Effect.gen(function* () {
    const lines = [...odd, ...recordings.flatMap(({ text }) => linesOf(text))]
    const read = Effect.result(agent.decode(requestOf(), lines, exited(0)))
    assert.deepEqual(
      plain(yield* read),
      plain(yield* read),
      "a restarted hub reads from the first byte again and must see the same",
    )
  })

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const plays = (agent: Subject, { name, text }: Recording) =>
  Effect.gen(function* () {
    const known = FailureClass.literals.find((literal) => name.startsWith(literal))
    const { end, events } = yield* agent.decode(
      requestOf(),
      linesOf(text),
      exited(name.startsWith("ok") ? 0 : 1),
    )
    yield* wellFormed(events)
    if (name.startsWith("ok"))
      assert(!(end instanceof Failure), `ended with a failure: ${end instanceof Failure ? end.message : ""}`)
    if (known !== undefined) assert.equal(end instanceof Failure ? end.class : "an answer", known)
  })

/** A sign that is told after the agent's own word of success would end an attempt that has its answer. */
export const noLateSign = (agent: Subject, { name, text }: Recording) =>
  Effect.gen(function* () {
    if (!name.startsWith("ok")) return
    const lines = linesOf(text)
    const done = yield* linesToSuccess(agent, lines)
    const before = yield* agent.decode(requestOf(), lines.slice(0, done), exited(0))
    const all = yield* agent.decode(requestOf(), lines, exited(0))
    const late = signals(all.events) - signals(before.events)
    assert.equal(late, 0, `${name}: a signal after line ${done}, which says that the work is done`)
  })

const signals = (events: ReadonlyArray<AgentEvent>) => events.filter(({ type }) => type === "signal").length

/** How many lines it takes until the stream means success for good. */
const linesToSuccess = (agent: Subject, lines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (let count = lines.length; count > 0; count--) {
      const { end } = yield* agent.decode(requestOf(), lines.slice(0, count - 1), exited(0))
      if (end instanceof Failure) return count
    }
    return 0
  })
