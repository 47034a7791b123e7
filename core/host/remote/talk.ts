/** The way back of a call: its plugin says how far it is, and asks whoever called, under the number of the call. */
import { type Cause, Effect, Fiber, Option, Queue, Schema, Stream } from "effect"
import { LogLevel, Question, type Talk } from "../../plugin/Talk.ts"
import { codes, RpcError } from "../Rpc.ts"
import { toRpc } from "../Wire.ts"
import { decodes } from "./answers.ts"

/** What one call has said and nobody was told yet; above that the oldest is passed over. */
const MOST_WAITING = 100

/** Characters of a message that says something; a longer one is passed over. */
export const LONGEST = 100_000

export interface Talks {
  /** What the plugin says under the number reaches `talk`, all of it before the answer. */
  readonly withTalk: <A, E>(talk: Talk, body: (call: number) => Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** `talk.progress` and `talk.log`. Gives what is wrong with it. */
  readonly say: (method: string, params: unknown) => string | undefined
  /** Answers `talk.ask`. */
  readonly ask: (params: unknown) => Effect.Effect<unknown, RpcError>
}

interface UnderWay {
  readonly talk: Talk
  readonly said: Queue.Queue<Effect.Effect<void>, Cause.Done>
}

export const make = (): Talks => {
  const open = new Map<number, UnderWay>()
  let last = 0

  const withTalk: Talks["withTalk"] = (talk, body) =>
    Effect.suspend(() => {
      const call = (last += 1)
      const talking = Effect.gen(function* () {
        const said = yield* Queue.sliding<Effect.Effect<void>, Cause.Done>(MOST_WAITING)
        const telling = yield* Effect.forkChild(Stream.runForEach(Stream.fromQueue(said), (tell) => tell))
        open.set(call, { talk, said })
        const exit = yield* Effect.exit(body(call))
        yield* Queue.end(said)
        yield* Fiber.await(telling)
        return yield* exit
      })
      return Effect.ensuring(
        talking,
        Effect.sync(() => open.delete(call)),
      )
    })

  const say: Talks["say"] = (method, params) => {
    const said = method === "talk.progress" ? progress(params) : log(params)
    if (Option.isNone(said)) return `sent a notification ${method} that does not decode`
    const { call, tell } = said.value
    const underWay = open.get(call)
    // A call that has ended meanwhile is told nothing.
    if (underWay !== undefined) Queue.offerUnsafe(underWay.said, tell(underWay.talk))
    return undefined
  }

  const ask: Talks["ask"] = (params) =>
    Effect.flatMap(decodes("talk.ask", Asked)(params), ({ call, questions }) => {
      const underWay = open.get(call)
      return underWay === undefined
        ? Effect.fail(new RpcError({ code: codes.params, message: `no call ${call} is under way` }))
        : Effect.mapError(underWay.talk.ask(questions), toRpc)
    })

  return { withTalk, say, ask }
}

const Asked = Schema.Struct({ call: Schema.Int, questions: Schema.Record(Schema.String, Question) })

interface Said {
  readonly call: number
  readonly tell: (talk: Talk) => Effect.Effect<void>
}

const strictly = { onExcessProperty: "error" } as const

const decodeProgress = Schema.decodeUnknownOption(
  Schema.Struct({
    call: Schema.Int,
    done: Schema.Finite,
    total: Schema.optionalKey(Schema.Finite),
    message: Schema.optionalKey(Schema.String),
  }),
  strictly,
)

const progress = (params: unknown): Option.Option<Said> =>
  Option.map(decodeProgress(params), ({ call, ...facts }) => ({ call, tell: (talk) => talk.progress(facts) }))

const decodeLog = Schema.decodeUnknownOption(
  Schema.Struct({ call: Schema.Int, level: LogLevel, data: Schema.Unknown }),
  strictly,
)

const log = (params: unknown): Option.Option<Said> =>
  Option.map(decodeLog(params), ({ call, data, level }) => ({ call, tell: (talk) => talk.log(level, data) }))
