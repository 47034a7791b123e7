/** Event streams of runs, and of all runs, for any number of clients. */
import { Cause, Effect, type Fiber, Schema, type Scope, Stream } from "effect"
import { type Caller, OperationFailed } from "../../plugin/Operation.ts"
import type { Events, RunEvent } from "../../services/Events.ts"
import { ended, RunState } from "../../services/Runs.ts"
import type { Door } from "../Door.ts"
import { Feed } from "./Feed.ts"
import { Follower } from "./Follower.ts"
import { type Coding, notice } from "./Sse.ts"

/** Streams at one time: of one token (in open mode: of one address), and of all. */
export const most = { ofOne: 1_000, ofAll: 4_000 }
const heartbeat = "15 seconds"
/** Milliseconds that new events wait at most for those that come right after them. */
const longestPause = 50

/** What `check_dispatch` says of a run, as far as it is needed here. */
const Seen = Schema.Struct({ run_id: Schema.String, state: RunState, last_seq: Schema.Int })

export interface Wish {
  readonly after: number
  readonly types: ReadonlySet<string> | undefined
}

/** Whose connection it is, and how it is cut off. */
export interface Holder {
  readonly key: string
  readonly cut: () => void
}

export interface Followers {
  /** Fails as `check_dispatch` does: the caller may not look, or there is no such run. */
  readonly ofRun: (
    run_id: string,
    caller: Caller,
    wish: Wish,
    holder: Holder,
  ) => Effect.Effect<ReadableStream<Uint8Array>, OperationFailed>
  /** From now on; it cannot be taken up again. */
  readonly ofAll: (
    types: Wish["types"],
    holder: Holder,
  ) => Effect.Effect<ReadableStream<Uint8Array>, OperationFailed>
  readonly count: () => number
  readonly end: () => void
}

interface Open {
  readonly feed: Feed
  /** Reads on; nothing does for a run that has ended. */
  reader: Fiber.Fiber<unknown, unknown> | undefined
}

/** Reads and beats until the scope closes. */
export const make = Effect.fnUntraced(function* (
  events: Events["Service"],
  door: Door,
): Effect.fn.Return<Followers, never, Scope.Scope> {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const promise = Effect.runPromiseWith(yield* Effect.context<never>())
  const open = new Map<string, Open>()
  const following = new Map<Follower, Holder>()

  const look = (run_id: string, caller: Caller, wait_seconds?: number) =>
    door
      .call("check_dispatch", { run_id, ...(wait_seconds === undefined ? {} : { wait_seconds }) }, caller)
      .pipe(Effect.flatMap(({ output }) => Effect.orDie(Schema.decodeUnknownEffect(Seen)(output))))

  /** The end is stored a moment after the event that tells of it. */
  const end = (run_id: string): Effect.Effect<typeof Seen.Type, OperationFailed> =>
    Effect.flatMap(look(run_id, own, 30), (seen) => (ended(seen.state) ? Effect.succeed(seen) : end(run_id)))

  const enter = (key: string, begin: () => Open): Open => {
    const opened = open.get(key) ?? begin()
    open.set(key, opened)
    return opened
  }

  const leave = (key: string, { feed, reader }: Open, follower: Follower) => {
    following.delete(follower)
    feed.followers.delete(follower)
    if (feed.followers.size > 0) return
    open.delete(key)
    reader?.interruptUnsafe()
  }

  const attach = (key: string, opened: Open, after: number, holder: Holder): ReadableStream<Uint8Array> => {
    const follower: Follower = new Follower(opened.feed, after, () => leave(key, opened, follower))
    opened.feed.followers.add(follower)
    following.set(follower, holder)
    return follower.body
  }

  const readRun = (feed: Feed, run_id: string) =>
    Stream.runForEachArray(
      Stream.takeUntil(events.follow(run_id, feed.last), ({ type }) => ends.has(type)),
      (batch) => add(feed, batch),
    ).pipe(
      Effect.andThen(end(run_id)),
      Effect.andThen((seen) => Effect.sync(() => feed.finish(word(seen)))),
      // Its followers are let go, and come again to a reader that works.
      Effect.tapCause((cause) => broken(run_id, cause)),
      Effect.onError(() => Effect.sync(() => [...feed.followers].forEach((one) => (one as Follower).end()))),
    )

  const beginRun = (seen: typeof Seen.Type, coding: Coding): Open => {
    const read = (after: number, limit: number) =>
      promise(Effect.tapCause(events.read(seen.run_id, after, limit), (cause) => broken(seen.run_id, cause)))
    if (!ended(seen.state)) {
      // One back: it may be the last event of a run whose end is just being stored, and nothing comes after it.
      const feed = new Feed(Math.max(0, seen.last_seq - 1), coding, read)
      return { feed, reader: fork(readRun(feed, seen.run_id)) }
    }
    const feed = new Feed(seen.last_seq, coding, read)
    feed.finish(word(seen))
    return { feed, reader: undefined }
  }

  const beginAll = (coding: Coding): Open => {
    const feed = new Feed(0, coding, undefined)
    return { feed, reader: fork(Stream.runForEachArray(events.live, (batch) => add(feed, batch))) }
  }

  const admit = ({ key }: Holder): Effect.Effect<void, OperationFailed> => {
    if (following.size >= most.ofAll) return full(`The hub has its ${most.ofAll} event streams.`)
    const mine = [...following.values()].filter((one) => one.key === key).length
    return mine >= most.ofOne ? full(`There are ${most.ofOne} event streams of ${key}.`) : Effect.void
  }

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.andThen(
        Effect.sleep(heartbeat),
        Effect.sync(() => {
          for (const [follower, { cut }] of following) if (!follower.beat()) cut()
        }),
      ),
    ),
  )

  return {
    ofRun: Effect.fnUntraced(function* (run_id, caller, { after, types }, holder) {
      const seen = yield* look(run_id, caller)
      yield* admit(holder)
      const key = `run ${seen.run_id} ${named(types)}`
      const opened = enter(key, () => beginRun(seen, { types, numbered: true }))
      return attach(key, opened, after, holder)
    }),
    ofAll: Effect.fnUntraced(function* (types, holder) {
      yield* admit(holder)
      const key = `all ${named(types)}`
      const opened = enter(key, () => beginAll({ types, numbered: false }))
      return attach(key, opened, opened.feed.last, holder)
    }),
    count: () => following.size,
    end: () => [...following.keys()].forEach((follower) => follower.end()),
  }
})

/** Many connections are written to less often and with more at once: at a thousand, each line is a thousand writes. */
const add = (feed: Feed, batch: ReadonlyArray<RunEvent>): Effect.Effect<void> =>
  Effect.suspend(() => {
    feed.add(batch)
    const pause = Math.min(longestPause, feed.followers.size / 20)
    return pause < 1 ? Effect.void : Effect.sleep(pause)
  })

const ends = new Set(["run_succeeded", "run_failed", "run_cancelled", "run_timed_out"])

/** Looks on behalf of whoever was let in already. */
const own: Caller = { door: "http", client: "hub" }

const word = ({ last_seq, state }: typeof Seen.Type): Uint8Array => notice("end", { state, last_seq })

const broken = (run_id: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.void
    : Effect.logWarning(`the events of run ${run_id} cannot be read for who follows them`, cause)

const named = (types: Wish["types"]): string => (types === undefined ? "" : JSON.stringify([...types].sort()))

const full = (message: string) =>
  Effect.fail(
    new OperationFailed({
      code: "too_many",
      message: `${message} Close one first.`,
      details: { retry_after_ms: 10_000 },
    }),
  )
