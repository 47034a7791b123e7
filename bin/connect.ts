/** Finds the hub of this home, or becomes it. */
import { Context, Effect, Layer, Schedule, type Scope } from "effect"
import { localDoor } from "../core/edge/Call.ts"
import { type Door, HubUnreachable } from "../core/edge/Door.ts"
import * as Socket from "../core/edge/Socket.ts"
import * as Homes from "../core/live/Home.ts"
import { Registry } from "../core/plugin/Catalogue.ts"
import type { Home } from "../core/services/Home.ts"
import { Runner } from "../core/dispatch/Runner.ts"

export interface Wish {
  readonly version: string
  /** As it is shown to whoever finds the home held. */
  readonly command: string
  readonly config?: string | undefined
  readonly lenient: boolean
  readonly verbose: boolean
}

export interface Local {
  readonly door: Door
  readonly registry: Registry["Service"]
  readonly runner: Runner["Service"]
}

const unreachable = (home: string) => (error: { readonly message: string }) =>
  new HubUnreachable({ home, message: error.message })

export const socketOf = (home: Home["Service"]): string => `${home.path}/hub.sock`

/** Opens the home: `$HUB_HOME`, else `~/.hub`. */
export const home: Effect.Effect<Home["Service"], HubUnreachable> = Effect.mapError(Homes.open(), (error) =>
  unreachable(error.path)(error),
)

/** Takes the home for this process, until the scope closes. Fails, naming the holder, when another hub has it. */
export const hold = (home: Home["Service"], wish: Wish) =>
  Effect.mapError(Homes.hold(home, wish), unreachable(home.path))

/** Puts the hub together over a home that is held, until the scope closes. */
export const start = Effect.fn("Hub.start")(function* (
  home: Home["Service"],
  wish: Wish,
): Effect.fn.Return<Local, HubUnreachable, Scope.Scope> {
  const { layer } = yield* Effect.promise(() => import("./compose.ts"))
  const context = yield* Effect.mapError(Layer.build(layer({ home, ...wish })), unreachable(home.path))
  const registry = Context.get(context, Registry)
  const door = localDoor(registry)
  // A home whose path is too long for a socket still works; only other processes cannot reach this hub.
  yield* Effect.catch(Socket.listen(door, socketOf(home)), (error) => Effect.logWarning(error.message))
  return { door, registry, runner: Context.get(context, Runner) }
})

const become = (home: Home["Service"], wish: Wish) => Effect.andThen(hold(home, wish), start(home, wish))

/** The door of the hub that holds this home; without one, of a hub in this process. */
export const connect = Effect.fn("Hub.connect")(function* (
  wish: Wish,
): Effect.fn.Return<Door, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const reach = Socket.connect(socketOf(at))
  const own = Effect.map(become(at, wish), ({ door }) => door)
  // Between the two looks another hub may have started, or may not listen yet.
  return yield* reach.pipe(
    Effect.catch(() => own),
    Effect.catch((held) =>
      Effect.catch(Effect.retry(reach, { times: 20, schedule: Schedule.spaced("150 millis") }), () =>
        Effect.fail(held),
      ),
    ),
  )
})
