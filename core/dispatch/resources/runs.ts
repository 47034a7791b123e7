/** Runs as resources: how they stand, and what happened in them. */
import { Effect, Stream } from "effect"
import * as Resource from "../../plugin/Resource.ts"
import { Events, type RunEvent } from "../../services/Events.ts"
import { ended } from "../../services/Runs.ts"
import { calm } from "../Calm.ts"
import { Dispatch } from "../Dispatch.ts"
import { listed } from "../operations/runs.ts"
import { said } from "../Refusal.ts"
import { Runner } from "../Runner.ts"
import { Store } from "../Store.ts"
import { json } from "./json.ts"

/** Runs in the list. */
const mostRuns = 50
/** Events of a run, and the size of all of them together. */
const mostEvents = 200
const mostBytes = 512 * 1024

export const make = Effect.gen(function* () {
  const dispatch = yield* Dispatch
  const events = yield* Events
  const runner = yield* Runner
  const store = yield* Store

  /** Its last element comes when the run has ended. */
  const changesOf = Effect.fnUntraced(
    function* (reference: string) {
      const { run_id, state } = yield* dispatch.find(reference)
      if (ended(state)) return Stream.empty
      const news = Stream.orDie(events.follow(run_id, yield* store.lastSeq(run_id)))
      const end = Effect.orDie(runner.awaitEnd(run_id))
      return Stream.concat(Stream.interruptWhen(calm(news), end), Stream.make(undefined))
    },
    Effect.orElseSucceed((): Stream.Stream<unknown> => Stream.empty),
  )

  const aboutRun = {
    mime: "application/json",
    changes: ({ id = "" }: Resource.Variables) => Stream.unwrap(changesOf(id)),
    complete: (_: string, typed: string) => Effect.orElseSucceed(store.ids(typed), () => []),
  }

  const page = Effect.fnUntraced(function* (reference: string) {
    const { run_id } = yield* dispatch.find(reference)
    const last_seq = yield* store.lastSeq(run_id)
    const found = fitting(yield* events.read(run_id, Math.max(0, last_seq - mostEvents), mostEvents))
    // Asked last: what had ended by then is all among the events, or told of as missing.
    const { state } = yield* dispatch.find(run_id)
    const isWhole = last_seq === (yield* store.lastSeq(run_id))
    return {
      run_id,
      state,
      ended: ended(state) && isWhole,
      last_seq,
      ...missing(run_id, found),
      events: found,
    }
  })

  /** The state is written before whoever asks for the list hears of it; only an end is told first. */
  const listChanges = calm(
    events.live.pipe(
      Stream.filter(({ type }) => type.startsWith("run_")),
      Stream.mapEffect(
        ({ run_id, type }) => (ends.has(type) ? Effect.orDie(runner.awaitEnd(run_id)) : Effect.void),
        { concurrency: "unbounded", unordered: true },
      ),
    ),
  )

  return [
    Resource.make({
      uri: "hub://runs",
      name: "runs",
      title: "Runs",
      summary: `The newest ${mostRuns} runs, as list_dispatches tells them.`,
      mime: "application/json",
      read: () =>
        said(Effect.map(store.list({ limit: mostRuns }), (rows) => json({ runs: rows.map(listed) }))),
      changes: () => listChanges,
    }),
    Resource.make({
      ...aboutRun,
      uri: "hub://runs/{id}",
      name: "run",
      title: "Run",
      summary:
        "How a run stands, as check_dispatch tells it. Read again when it changes, until its state is final.",
      read: ({ id = "" }) => said(Effect.map(dispatch.check(id), json)),
    }),
    Resource.make({
      ...aboutRun,
      uri: "hub://runs/{id}/events",
      name: "run events",
      title: "Events of a run",
      summary: `The newest ${mostEvents} events of a run, at most ${mostBytes / 1024} KB; run_events gives the others.`,
      read: ({ id = "" }) => said(Effect.map(page(id), json)),
    }),
  ]
})

const ends = new Set(["run_succeeded", "run_failed", "run_cancelled", "run_timed_out"])

/** The newest that are small enough together. */
const fitting = (events: ReadonlyArray<RunEvent>): ReadonlyArray<RunEvent> => {
  let bytes = 0
  const from = events.findLastIndex((event) => (bytes += JSON.stringify(event).length) > mostBytes)
  return events.slice(from + 1)
}

const missing = (run_id: string, [first]: ReadonlyArray<RunEvent>) =>
  first === undefined || first.seq === 1
    ? {}
    : {
        note: `Events 1 to ${first.seq - 1} are left out: call run_events with run_id ${JSON.stringify(run_id)} and after 0.`,
      }
