/** The hub of this home, as `hub start|stop|restart|status|serve` reach it. */
import { existsSync } from "node:fs"
import { Effect, Exit, Ref } from "effect"
import { HubUnreachable } from "../core/edge/Door.ts"
import type { Daemon } from "../core/edge/extras/daemon/Reach.ts"
import type { OperationFailed } from "../core/plugin/Operation.ts"
import * as Homes from "../core/live/Home.ts"
import { find } from "./connect.ts"
import { configured, home, type Wish } from "./home.ts"
import { type NotStarted, start } from "./starting.ts"

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
  start: (args, instead) =>
    Effect.gen(function* () {
      const at = yield* home
      if (instead === undefined) return yield* begun(start(at, wish, ["serve", ...args]))
      const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
      const ending = yield* Ref.make<Exit.Exit<void, OperationFailed | HubUnreachable>>(Exit.void)
      const end = async () => {
        const exit = await run(instead)
        await run(Ref.set(ending, exit))
        if (Exit.isFailure(exit)) throw new Error("The hub at work has not ended.")
      }
      const started = yield* Effect.exit(begun(start(at, wish, ["serve", ...args], end)))
      yield* yield* Ref.get(ending)
      yield* started
    }),
  serve: (flags, { globals, terminal }) =>
    Effect.gen(function* () {
      const { daemon } = yield* Effect.promise(() => import("./daemon.ts"))
      yield* daemon(configured(wish, globals.config), flags, (where) =>
        terminal.err.write(`hub ${wish.version}, pid ${process.pid}, listens on ${where}\n`),
      )
    }),
})

const begun = (starting: Effect.Effect<void, NotStarted>) =>
  Effect.mapError(starting, ({ home, message }) => new HubUnreachable({ home, message }))

const nobody = Effect.suspend(() =>
  Effect.fail(new HubUnreachable({ home: Homes.chosen(), message: `There is no ${Homes.chosen()} yet.` })),
)
