/** A hub that a command or a shim has started gives way to whoever wants the home itself, while nobody else uses it. */
import { Effect, Option, Schema } from "effect"
import { serveWhileNeeded } from "../core/edge/shim/Start.ts"
import type { Home, HomeHeld } from "../core/services/Home.ts"
import { find } from "./connect.ts"
import { hold, type Wish } from "./home.ts"

/** Like `hold`, but has such a hub end first. Its runs go on. */
export const takeOver = (at: Home["Service"], wish: Wish) =>
  hold(at, wish, (error) =>
    isAutomatic(error)
      ? Effect.map(givesWay(at, wish, error.holder?.pid ?? 0), (does) => !does)
      : Effect.succeed(true),
  )

const isAutomatic = ({ holder }: HomeHeld): boolean =>
  holder?.command === ["hub", ...serveWhileNeeded.slice(0, 2)].join(" ")

const Used = Schema.Struct({
  pid: Schema.Int,
  clients: Schema.Array(Schema.Unknown),
  http: Schema.optionalKey(Schema.Unknown),
})

/** While it does not answer, it starts or ends: then it is asked again. Whoever asks is a client as well. */
const givesWay = (at: Home["Service"], wish: Wish, pid: number): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const door = yield* find(at, wish)
    const { output } = yield* door.call("hub_status", {}, { door: "cli", client: `hub ${wish.version}` })
    const { clients, http, ...told } = yield* Schema.decodeUnknownEffect(Used)(output)
    if (clients.length > 1 || http !== undefined) return false
    if (told.pid === pid) yield* Effect.ignore(Effect.try(() => process.kill(pid, "SIGTERM")))
    return true
  }).pipe(Effect.option, Effect.map(Option.getOrElse(() => true)))
