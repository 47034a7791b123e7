/** `hub serve` without the other commands: a daemon keeps what it has loaded as long as it lives. */
import { Effect } from "effect"
import * as Cli from "../core/edge/Cli.ts"
import { ofProcess } from "../core/edge/cli/Process.ts"
import { HubUnreachable } from "../core/edge/Door.ts"
import { daemonCommands } from "../core/edge/extras/Daemon.ts"
import { chosen } from "../core/live/Home.ts"
import { daemonOf } from "./daemonOf.ts"
import type { Wish } from "./home.ts"

/** Gives the exit code. */
export const serveLine = (wish: Wish): Effect.Effect<number> =>
  Cli.run({
    ...ofProcess(),
    version: wish.version,
    home: chosen(),
    core: [],
    extras: daemonCommands(daemonOf(wish)),
    connect: () =>
      Effect.fail(new HubUnreachable({ home: chosen(), message: "hub serve asks no other hub." })),
  })
