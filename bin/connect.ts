/** Finds the hub of this home, or becomes it. */
import { Context, Effect, Layer, Schedule, Scope } from "effect"
// The keys come with the rooms, which are loaded when they are needed.
import type { Runner } from "../core/dispatch/Runner.ts"
import { localDoor } from "../core/edge/Call.ts"
import { type Door, HubUnreachable } from "../core/edge/Door.ts"
import * as Socket from "../core/edge/Socket.ts"
import * as Homes from "../core/live/Home.ts"
import type { Registry } from "../core/plugin/Catalogue.ts"
import type { Holder, Home, HomeHeld, HomeUnusable } from "../core/services/Home.ts"
import * as Successor from "./Successor.ts"

export interface Wish {
  readonly version: string
  /** As it is shown to whoever finds the home held. */
  readonly command: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
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
export const hold = (home: Home["Service"], { command, version }: Wish) =>
  Effect.mapError(
    Homes.hold(home, { command, version }),
    ({ _tag, message }) => new HubUnreachable({ home: home.path, message, held: _tag === "HomeHeld" }),
  )

/** Like `hold`, but a successor gives way: it only keeps the home until somebody comes. The runs go on. */
export const takeOver = (home: Home["Service"], { command, version }: Wish) =>
  Homes.hold(home, { command, version }).pipe(
    Effect.tapError((error) => (isSuccessor(error) ? Successor.stop(error.holder.pid) : Effect.void)),
    Effect.retry({ ...patience, while: isSuccessor }),
    Effect.mapError(unreachable(home.path)),
  )

const isSuccessor = (error: HomeHeld | HomeUnusable): error is HomeHeld & { readonly holder: Holder } =>
  error._tag === "HomeHeld" && error.holder?.command === `hub ${Successor.command}`

/** Puts the hub together over a home that is held, until the scope closes. */
export const start = Effect.fn("Hub.start")(function* (
  home: Home["Service"],
  wish: Wish,
  handOver: Successor.HandOver,
): Effect.fn.Return<Local, HubUnreachable, Scope.Scope> {
  const { findings, layer, Registry, Runner } = yield* Effect.promise(() => import("./compose.ts"))
  const { config, lenient, verbose } = wish
  const built = Layer.build(layer({ home, config, lenient, verbose }))
  const context = yield* Effect.mapError(
    built,
    (error) => new HubUnreachable({ home: home.path, message: error.message, ...findings(error) }),
  )
  const registry = Context.get(context, Registry)
  const runner = Context.get(context, Runner)
  yield* handOver.count(runner)
  const door = localDoor(registry)
  // A home whose path is too long for a socket still works; only other processes cannot reach this hub.
  yield* Effect.catch(Socket.listen(door, socketOf(home)), (error) => Effect.logWarning(error.message))
  return { door, registry, runner }
})

/** The hub of this home, in this process. What is still open when the scope closes goes on in a process of its own. */
const become = Effect.fn("Hub.become")(function* (home: Home["Service"], wish: Wish) {
  const handOver = yield* Successor.prepare(home, wish.self)
  yield* hold(home, wish)
  yield* handOver.wanted
  return yield* start(home, wish, handOver)
})

/** How long a hub that starts or ends may hold the home without answering. */
const patience = { times: 100, schedule: Schedule.spaced("100 millis") }

/** The door of the hub that holds this home; without one, of a hub in this process. When that hub ends, of the next. */
export const connect = Effect.fn("Hub.connect")(function* (
  wish: Wish,
): Effect.fn.Return<Door, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const scope = yield* Effect.scope
  const own = Effect.map(Scope.provide(become(at, wish), scope), ({ door }) => door)
  const find: Effect.Effect<Door, HubUnreachable> = Effect.suspend(() =>
    Effect.catch(Socket.connect(socketOf(at), find), () => own),
  ).pipe(Effect.retry({ ...patience, while: ({ held }) => held === true }))
  return yield* find
})
