/** The hub of this home, as `hub start|stop|restart|status|serve` reach it. */
import { existsSync } from "node:fs"
import { Effect } from "effect"
import { HubUnreachable } from "../core/edge/Door.ts"
import type { Daemon } from "../core/edge/extras/Daemon.ts"
import * as Homes from "../core/live/Home.ts"
import { find } from "./connect.ts"
import { configured, home, type Wish } from "./home.ts"
import { start } from "./starting.ts"

export const daemonOf = (wish: Wish): Daemon => ({
  version: wish.version,
  holder: Effect.gen(function* () {
    // Whoever only asks does not make a home.
    if (!existsSync(Homes.chosen())) return undefined
    return yield* Effect.mapError(
      Homes.holder(yield* home),
      ({ message, path }) => new HubUnreachable({ home: path, message }),
    )
  }),
  door: Effect.gen(function* () {
    if (!existsSync(Homes.chosen())) return yield* nobody
    return yield* find(yield* home, wish)
  }),
  start: (args) =>
    Effect.flatMap(home, (at) => start(at, wish, ["serve", ...args])).pipe(
      Effect.catchTag("NotStarted", ({ home, message }) =>
        Effect.fail(new HubUnreachable({ home, message })),
      ),
    ),
  serve: (flags, { globals, terminal }) =>
    Effect.gen(function* () {
      const { daemon } = yield* Effect.promise(() => import("./daemon.ts"))
      yield* daemon(configured(wish, globals.config), flags, (where) =>
        terminal.err.write(`hub ${wish.version}, pid ${process.pid}, listens on ${where}\n`),
      )
    }),
})

const nobody = Effect.suspend(() =>
  Effect.fail(new HubUnreachable({ home: Homes.chosen(), message: `There is no ${Homes.chosen()} yet.` })),
)
