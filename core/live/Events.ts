/** Stores the events of runs, and wakes whoever follows them. */
import { Clock, Effect, Layer, Option, PubSub, Queue, Semaphore, Stream } from "effect"
import { type EventDraft, Events, type RunEvent } from "../services/Events.ts"
import { Secrets } from "../services/Secrets.ts"
import { Sql, type Transaction } from "../services/Sql.ts"
import * as Payload from "./Payload.ts"

const page = 1_000
const live_backlog = 10_000
const max_name = 200

interface Row {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly step: string | null
  readonly attempt: number | null
  readonly data: string
}

/** A draft made ready before the transaction, so that it holds the database no longer than it must. */
type Ready = Omit<RunEvent, "run_id" | "seq" | "at"> & { readonly json: string }

export const layer: Layer.Layer<Events, never, Sql | Secrets> = Layer.effect(
  Events,
  Effect.gen(function* () {
    const sql = yield* Sql
    const { redact } = yield* Secrets
    const news = yield* PubSub.sliding<RunEvent>(live_backlog)
    const wakers = makeWakers()
    // One append at a time, to its end: followers of `live` see the order of the numbers, and no commit goes untold.
    const turn = yield* Semaphore.make(1)

    const store = (run_id: string, drafts: ReadonlyArray<EventDraft>, once: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const ready = drafts.map((draft) => prepare(run_id, draft, redact))
        const now = Math.trunc(yield* Clock.currentTimeMillis)
        const events = yield* sql.transact("normal", (transaction) =>
          once.every((key) => mark(transaction, run_id, key, now))
            ? insert(transaction, run_id, ready, now)
            : [],
        )
        if (events.length === 0) return events
        wakers.wake(run_id)
        yield* PubSub.publishAll(news, events)
        return events
      }).pipe(Effect.uninterruptible, turn.withPermits(1))

    const append: Events["Service"]["append"] = (run_id, drafts) => store(run_id, drafts, [])

    const appendOnce: Events["Service"]["appendOnce"] = (run_id, key, drafts) => store(run_id, drafts, [key])

    const read: Events["Service"]["read"] = (run_id, after, limit = page) =>
      Effect.map(sql.all<Row>(select, [run_id, after, limit]), (rows) =>
        rows.map((row) => decode(run_id, row)),
      )

    const next = (run_id: string, after: number, woken: Queue.Dequeue<void>): ReturnType<typeof read> =>
      Effect.filterOrElse(
        read(run_id, after),
        (events) => events.length > 0,
        () => Effect.flatMap(Queue.take(woken), () => next(run_id, after, woken)),
      )

    // Followers read by cursor and are only woken here: nothing can be lost, told twice, or pile up in memory.
    const follow: Events["Service"]["follow"] = (run_id, after) =>
      Stream.unwrap(
        Effect.map(wakers.waker(run_id), (woken) =>
          Stream.paginate(after, (cursor) =>
            Effect.map(next(run_id, cursor, woken), (events) => [
              events,
              Option.some(events.at(-1)?.seq ?? cursor),
            ]),
          ),
        ),
      )

    return Events.of({ append, appendOnce, read, follow, live: Stream.fromPubSub(news) })
  }),
)

const select =
  "select seq, at, type, step, attempt, data from events where run_id = ? and seq > ? order by seq limit ?"

const prepare = (run_id: string, draft: EventDraft, redact: (text: string) => string): Ready => {
  const name = (text: string): string => Payload.cut(redact(text).toWellFormed(), max_name)
  const head = {
    type: name(draft.type),
    ...(draft.step === undefined ? {} : { step: name(draft.step) }),
    ...(draft.attempt === undefined ? {} : { attempt: draft.attempt }),
  }
  // The number and the time are not known yet; 64 bytes hold both.
  const taken = Buffer.byteLength(JSON.stringify({ run_id, ...head })) + 64
  return { ...head, ...Payload.fit(draft.data ?? {}, redact, Payload.max_bytes - taken) }
}

/** `false` when the key was used before. Keys share the run's journal, under a prefix of their own. */
const mark = (transaction: Transaction, run_id: string, key: string, now: number): boolean =>
  transaction.run("insert or ignore into journal (run_id, name, result, at) values (?, ?, 'null', ?)", [
    run_id,
    `events:${key}`,
    now,
  ]) === 1

const insert = (
  transaction: Transaction,
  run_id: string,
  drafts: ReadonlyArray<Ready>,
  now: number,
): ReadonlyArray<RunEvent> => {
  const [last] = transaction.all<Pick<Row, "seq" | "at">>(
    "select seq, at from events where run_id = ? order by seq desc limit 1",
    [run_id],
  )
  const at = Math.max(now, last?.at ?? 0)
  return drafts.map(({ json, ...rest }, index) => {
    const seq = (last?.seq ?? 0) + 1 + index
    transaction.run(
      "insert into events (run_id, seq, at, type, step, attempt, data) values (?, ?, ?, ?, ?, ?, ?)",
      [run_id, seq, at, rest.type, rest.step ?? null, rest.attempt ?? null, json],
    )
    return { run_id, seq, at, ...rest }
  })
}

const decode = (run_id: string, row: Row): RunEvent => ({
  run_id,
  seq: row.seq,
  at: row.at,
  type: row.type,
  ...(row.step === null ? {} : { step: row.step }),
  ...(row.attempt === null ? {} : { attempt: row.attempt }),
  data: JSON.parse(row.data),
})

/** A flag for each follower, raised when its run has news and taken when it looks. */
const makeWakers = () => {
  const followers = new Map<string, Set<Queue.Queue<void>>>()

  const enter = (run_id: string): Effect.Effect<Queue.Queue<void>> =>
    Effect.map(Queue.dropping<void>(1), (waker) => {
      followers.set(run_id, (followers.get(run_id) ?? new Set()).add(waker))
      return waker
    })

  const leave = (run_id: string, waker: Queue.Queue<void>): Effect.Effect<void> =>
    Effect.sync(() => {
      const rest = followers.get(run_id)
      rest?.delete(waker)
      if (rest?.size === 0) followers.delete(run_id)
    })

  return {
    waker: (run_id: string) => Effect.acquireRelease(enter(run_id), (waker) => leave(run_id, waker)),
    wake: (run_id: string): void => {
      for (const waker of followers.get(run_id) ?? []) Queue.offerUnsafe(waker, undefined)
    },
  }
}
