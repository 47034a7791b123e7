/** Changes of resources: a call stays open while somebody follows, and the plugin tells of each under its number. */
import { Effect, Option, Queue, Schema, Stream } from "effect"
import { codes, RpcError } from "../Rpc.ts"

/** Resources of one plugin that may be followed at once. */
const MOST_FOLLOWED = 10_000

interface Followed {
  readonly uri: string
  readonly variables: Readonly<Record<string, string>>
}

export interface Changes {
  /** Ends when nothing more will change, or with the plugin. What happens while nobody looks is told once. */
  readonly follow: (what: Followed) => Stream.Stream<unknown, RpcError>
  /** `resource.changed`. Gives what is wrong with it. */
  readonly tell: (params: unknown) => string | undefined
}

type Call = (method: string, params: unknown) => Effect.Effect<unknown, RpcError>

export const make = (call: Call): Changes => {
  const followed = new Map<number, () => void>()
  let last = 0

  const follow: Changes["follow"] = (what) =>
    Stream.callback(
      (queue) =>
        Effect.suspend(() => {
          if (followed.size >= MOST_FOLLOWED) return tooMany
          const number = (last += 1)
          followed.set(number, () => void Queue.offerUnsafe(queue, undefined))
          return Effect.ensuring(
            Effect.andThen(untilGone(call("resource.follow", { ...what, call: number })), Queue.end(queue)),
            Effect.sync(() => followed.delete(number)),
          )
        }),
      { bufferSize: 1, strategy: "sliding" },
    )

  const tell: Changes["tell"] = (params) => {
    const told = decodeTold(params)
    if (Option.isNone(told)) return "sent a notification resource.changed that does not decode"
    followed.get(told.value.call)?.()
    return undefined
  }

  return { follow, tell }
}

const decodeTold = Schema.decodeUnknownOption(Schema.Struct({ call: Schema.Int }), {
  onExcessProperty: "error",
})

const tooMany = Effect.fail(
  new RpcError({
    code: codes.params,
    message: `${MOST_FOLLOWED} of its resources are followed already`,
  }),
)

const untilGone = (call: Effect.Effect<unknown, RpcError>) =>
  Effect.catch(call, (error) => (error.code === codes.gone ? Effect.void : Effect.fail(error)))
