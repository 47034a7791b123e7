/** What every sink must stand: each kind of event, odd data, many at once. */
import { Effect } from "effect"
import type { RunEvent } from "../services/Events.ts"
import { test } from "./collect.ts"

export interface SinkCheck {
  readonly name: string
  readonly run: Effect.Effect<void, unknown>
}

/** The sink as the suite asks it; what it needs is given already. */
export interface SinkSubject {
  readonly id: string
  readonly receive: (event: RunEvent) => Effect.Effect<void, unknown>
}

export const sinkSuite = (sink: SinkSubject): void => {
  for (const check of sinkChecks(sink)) test(`${sink.id}: ${check.name}`, () => Effect.runPromise(check.run))
}

const event = (seq: number, type: string, data: RunEvent["data"] = {}): RunEvent => ({
  run_id: "suite",
  seq,
  at: seq,
  type,
  data,
})

const life = [
  "run_accepted",
  "run_started",
  "step_started",
  "attempt_started",
  "agent_message",
  "attempt_ended",
  "step_succeeded",
  "run_succeeded",
]

export const sinkChecks = (sink: SinkSubject): ReadonlyArray<SinkCheck> => [
  {
    name: "takes the events of a run",
    run: Effect.forEach(
      life.map((type, index) => event(index + 1, type, { text: "x" })),
      sink.receive,
      { discard: true },
    ),
  },
  { name: "takes a type that it does not know", run: sink.receive(event(1, "something_new")) },
  {
    name: "takes data that it does not expect",
    run: sink.receive(event(1, "agent_message", { text: null, more: [{ deep: "\uFFFD\u0000" }] })),
  },
  { name: "takes the news that events were lost", run: sink.receive(event(1, "events_lost", { count: 7 })) },
  {
    name: "takes 1,000 events",
    run: Effect.forEach(
      Array.from({ length: 1000 }, (_, index) => event(index + 1, "output", { text: "x" })),
      sink.receive,
      { discard: true },
    ),
  },
]
