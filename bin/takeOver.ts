/** A hub that a command or a shim has started gives way to whoever wants the home itself. Its runs go on. */
import { Effect, Option, Schema } from "effect"
import { serveWhileNeeded } from "../core/edge/shim/Start.ts"
import type { Home, HomeHeld } from "../core/services/Home.ts"
import { find } from "./connect.ts"
import { answers, hold, type Wish } from "./home.ts"

/** Like `hold`, but has such a hub end first, while nobody else uses it. */
export const takeOver = (at: Home["Service"], wish: Wish) =>
  hold(at, wish, (error) => (isAutomatic(error) ? stays(at, wish, isUsed) : Effect.succeed(true)))

/** Like `hold` for a hub that serves all: has one that ends by itself end first, whose clients come over, and waits for one that ends. */
export const replace = (at: Home["Service"], wish: Wish) =>
  hold(at, wish, () =>
    Effect.flatMap(answers(at), (does) => (does ? stays(at, wish, isStanding) : Effect.succeed(false))),
  )

const isAutomatic = ({ holder }: HomeHeld): boolean =>
  holder?.command === ["hub", ...serveWhileNeeded.slice(0, 2)].join(" ")

const Status = Schema.Struct({
  pid: Schema.Int,
  clients: Schema.Array(Schema.Unknown),
  http: Schema.optionalKey(Schema.Unknown),
  ends_in_ms: Schema.optionalKey(Schema.Number),
})
type Status = typeof Status.Type

/** Whoever asks is a client as well. */
const isUsed = ({ clients, http }: Status): boolean => clients.length > 1 || http !== undefined
const isStanding = ({ ends_in_ms }: Status): boolean => ends_in_ms === undefined

/** Ends it otherwise. While it does not answer, it starts or ends: then it is asked again. */
const stays = (at: Home["Service"], wish: Wish, does: (status: Status) => boolean): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const door = yield* find(at, wish)
    const { output } = yield* door.call("hub_status", {}, { door: "cli", client: `hub ${wish.version}` })
    const status = yield* Schema.decodeUnknownEffect(Status)(output)
    if (does(status)) return true
    yield* Effect.ignore(Effect.try(() => process.kill(status.pid, "SIGTERM")))
    return false
  }).pipe(Effect.scoped, Effect.option, Effect.map(Option.getOrElse(() => false)))
