/** The one event stream: numbered without gaps inside each run, stored, followed with a cursor. */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { StorageFailed } from "./Sql.ts"

export const RunEvent = Schema.Struct({
  run_id: Schema.String,
  /** 1, 2, 3 … inside the run, whatever the source. */
  seq: Schema.Int,
  /** Milliseconds since the epoch. Never below the event before it, also when the clock jumps back. */
  at: Schema.Number,
  /** `agent_message`, `attempt_started`, … */
  type: Schema.String,
  step: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int),
  data: Schema.Record(Schema.String, Schema.Unknown),
})
export type RunEvent = typeof RunEvent.Type

export interface EventDraft {
  readonly type: string
  readonly step?: string | undefined
  readonly attempt?: number | undefined
  readonly data?: Readonly<Record<string, unknown>> | undefined
}

export class Events extends Context.Service<
  Events,
  {
    /**
     * Numbers and stores the events of a run, all in one transaction, then tells the followers. Secrets are redacted first.
     * A text longer than 4,000 characters is cut and says so; an event is at most 16 KB.
     */
    readonly append: (
      run_id: string,
      drafts: ReadonlyArray<EventDraft>,
    ) => Effect.Effect<ReadonlyArray<RunEvent>, StorageFailed>
    /** `append`, once per run and key: a later call with the same key stores nothing and gives nothing. Key and events are one commit. */
    readonly appendOnce: (
      run_id: string,
      key: string,
      drafts: ReadonlyArray<EventDraft>,
    ) => Effect.Effect<ReadonlyArray<RunEvent>, StorageFailed>
    /** Stored events after `after` (0 for all), oldest first, at most `limit` (1,000 unless told). */
    readonly read: (
      run_id: string,
      after: number,
      limit?: number,
    ) => Effect.Effect<ReadonlyArray<RunEvent>, StorageFailed>
    /** Stored events after `after`, then new ones as they come. Never ends by itself: take until the run has ended. */
    readonly follow: (run_id: string, after: number) => Stream.Stream<RunEvent, StorageFailed>
    /** New events of all runs from now on. A follower that falls behind 10,000 events loses the oldest; use `read` to catch up. */
    readonly live: Stream.Stream<RunEvent>
  }
>()("hub/services/Events") {}
