/** The home of this hub: found, opened, and held by one process at a time. */
import { resolve } from "node:path"
import { Effect, Schedule } from "effect"
import { HubUnreachable } from "../core/edge/Door.ts"
import * as Connect from "../core/edge/wire/Connect.ts"
import * as Homes from "../core/live/Home.ts"
import type { Home, HomeHeld } from "../core/services/Home.ts"

export interface Wish {
  readonly version: string
  /** As it is shown to whoever finds the home held. */
  readonly command: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
  /** Absolute. */
  readonly config?: string | undefined
  readonly verbose: boolean
}

/** `--config` as it was typed. */
export const configured = (wish: Wish, config: string | undefined): Wish =>
  config === undefined ? wish : { ...wish, config: resolve(config) }

export const socketOf = (home: Pick<Home["Service"], "path">): string => `${home.path}/hub.sock`

/** Opens the home: `$HUB_HOME`, else `~/.hub`. */
export const home: Effect.Effect<Home["Service"], HubUnreachable> = Effect.mapError(
  Homes.open(),
  ({ message, path }) => new HubUnreachable({ home: path, message }),
)

/** Somebody serves in this home. */
export const answers = (home: Home["Service"]): Effect.Effect<boolean> => Connect.answers(socketOf(home))

/** How long a hub that starts or ends may hold the home without answering: half a minute, for on a busy machine it may need ten seconds. */
export const patience = { times: 600, schedule: Schedule.spaced("50 millis") } as const

/**
 * Takes the home for this process, until the scope closes. Fails, naming the holder, when somebody else has it and `stays`.
 * Who has not said its name comes or goes, and is waited for.
 */
export const hold = (
  home: Home["Service"],
  { command, version }: Wish,
  stays: (error: HomeHeld) => Effect.Effect<boolean> = () => Effect.succeed(true),
) =>
  Homes.hold(home, { command, version }).pipe(
    Effect.retry({
      ...patience,
      while: (error) => {
        if (error._tag !== "HomeHeld") return false
        return error.holder === undefined ? true : Effect.map(stays(error), (is) => !is)
      },
    }),
    Effect.mapError(
      ({ _tag, message }) => new HubUnreachable({ home: home.path, message, held: _tag === "HomeHeld" }),
    ),
  )
