/**
 * The sessions of the MCP door. A session is its token's: to another it is not there.
 *
 * When there are too many, the one that was idle longest makes room for a new one, if it has no stream open and nothing was
 * heard of it for a minute; else the new one is refused.
 */
import { Clock, Effect } from "effect"
import type { Caller } from "../../../plugin/Operation.ts"
import type { Session } from "./Session.ts"

export interface Limits {
  readonly total: number
  /** Not in open mode, where nobody has a token. */
  readonly per_token: number
}

export const limits: Limits = { total: 1_000, per_token: 100 }

/** Without a request or an open stream for so long, a session ends. */
const idle = 30 * 60_000
/** Its client is taken for gone: nobody waits for the answers that could not be told. */
const gone = 60_000
const look = "20 seconds"

/** One session, as `hub status` may show it. */
export interface Shown {
  readonly client: string
  readonly token?: string
  readonly opened_at: number
  readonly seen_at: number
  /** Answers and streams under way. */
  readonly open: number
}

/** Those that are idle end by themselves, all others with `end`. */
export const make = Effect.fnUntraced(function* (most: Limits) {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const all = new Map<string, Session>()

  const close = (session: Session): Promise<void> => {
    all.delete(session.id)
    return session.close().catch(() => undefined)
  }
  const end = Effect.promise(() => Promise.all([...all.values()].map(close)))

  const sweep = Effect.sync(() => {
    for (const session of all.values()) {
      if (session.open > 0) continue
      const silent = now() - session.seen
      if (silent >= idle) void close(session)
      else if (silent >= gone) session.abandon()
    }
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(look), sweep)))

  /** Of these the one that was idle longest, if any may go. */
  const idlest = (some: ReadonlyArray<Session>): Session | undefined =>
    some
      .filter((one) => one.open === 0 && now() - one.seen >= gone)
      .reduce<Session | undefined>((a, b) => (a === undefined || b.seen < a.seen ? b : a), undefined)

  const makeRoom = (some: ReadonlyArray<Session>, most: number): boolean => {
    if (some.length < most) return true
    const one = idlest(some)
    if (one !== undefined) void close(one)
    return one !== undefined
  }

  return {
    now,
    end,
    /** Whether there is room for one more, now; else who has too many. */
    room: ({ token }: Caller): { readonly most: number; readonly whose: string } | undefined => {
      const sessions = [...all.values()]
      const own = token === undefined ? [] : sessions.filter(({ caller }) => caller.token === token)
      if (!makeRoom(own, most.per_token))
        return { most: most.per_token, whose: `The token ${JSON.stringify(token)} has` }
      if (!makeRoom([...all.values()], most.total)) return { most: most.total, whose: "The hub has" }
      return undefined
    },
    add: (session: Session): void => void all.set(session.id, session),
    remove: (session: Session): void => void all.delete(session.id),
    find: (id: string | null, { token }: Caller): Session | undefined => {
      const session = id === null ? undefined : all.get(id)
      return session?.caller.token === token ? session : undefined
    },
    shown: (): ReadonlyArray<Shown> =>
      [...all.values()].map(({ caller: { token }, client, open, opened, seen }) => ({
        client,
        ...(token === undefined ? {} : { token }),
        opened_at: opened,
        seen_at: seen,
        open,
      })),
  }
})
