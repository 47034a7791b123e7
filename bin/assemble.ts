/** The hub in this process: its rooms, put together over a home that is held, and its local door. */
import { Clock, Context, Effect, Layer, Ref, References } from "effect"
import { Self } from "../core/dispatch/HubTools.ts"
import { localDoor } from "../core/edge/Call.ts"
import { HubUnreachable } from "../core/edge/Door.ts"
import type { Standing, Status } from "../core/edge/extras/Status.ts"
import * as Mcp from "../core/edge/Mcp.ts"
import { listen, type Listening } from "../core/edge/wire/Listen.ts"
import type { Registry } from "../core/plugin/Catalogue.ts"
import type { Home } from "../core/services/Home.ts"
import { socketOf, type Wish } from "./home.ts"

// The rooms are loaded only now: that keeps the process busy.
const built = Effect.fnUntraced(function* (home: Home["Service"], wish: Wish, standing?: Standing) {
  const rooms = yield* Effect.promise(() => import("./compose.ts"))
  const { config, self, verbose } = wish
  const context = yield* Effect.mapError(
    Effect.provideService(Layer.build(rooms.layer({ home, config, verbose, standing })), Self, self),
    (error) => new HubUnreachable({ home: home.path, message: error.message, ...rooms.findings(error) }),
  )
  return { context, registry: Context.get(context, rooms.Registry), rooms }
})

/** What the rooms log to: nothing else may speak on stdout. */
const loggingOf = (context: Context.Context<never>): Context.Context<never> =>
  Context.make(References.CurrentLoggers, Context.get(context, References.CurrentLoggers)).pipe(
    Context.add(References.MinimumLogLevel, Context.get(context, References.MinimumLogLevel)),
  )

/** For one look: takes up no runs, opens no door, and is gone with the scope. */
export const look = Effect.fn("Hub.look")(function* (home: Home["Service"], wish: Wish) {
  const { context, registry } = yield* built(home, wish)
  return localDoor(registry, loggingOf(context))
})

/** What of a status changes while the hub is at work, but for its clients. */
export type Changing = Pick<Status, "ends_in_ms" | "http">

export type Hub = Effect.Success<ReturnType<typeof assemble>>

/** The hub at work, until the scope closes; then its programs go on, for the next one. Nobody finds it before it listens. */
export const assemble = Effect.fn("Hub.assemble")(function* (
  home: Home["Service"],
  wish: Wish,
  given: Pick<Standing, "arguments" | "mode">,
  changing: Effect.Effect<Changing> = Effect.succeed({}),
) {
  const local = yield* Ref.make<Effect.Effect<Pick<Status, "clients" | "socket">>>(
    Effect.succeed({ clients: [] }),
  )
  const standing: Standing = {
    ...given,
    pid: process.pid,
    version: wish.version,
    home: home.path,
    log: `${home.logs}/hub.log`,
    started_at: yield* Clock.currentTimeMillis,
    doors: Effect.gen(function* () {
      return { ...(yield* yield* Ref.get(local)), ...(yield* changing) }
    }),
    memory: Effect.sync(() => process.memoryUsage.rss()),
  }
  const { context, registry, rooms } = yield* built(home, wish, standing)
  const { Engine, Events, Host, Runner, Supervisor, Tokens } = rooms
  const logging = loggingOf(context)
  const served = {
    door: localDoor(registry, logging),
    catalogue: registry.current,
    changes: registry.changes,
  }
  const socket = socketOf(home)
  return {
    served,
    registry,
    socket,
    /** Whatever is logged inside goes to the hub's log. */
    logged: Effect.provideContext(logging),
    /** Opens the local door. */
    listen: Effect.gen(function* () {
      const { door } = served
      const clients = yield* listen({ door, path: socket, version: wish.version, mcp: mcpOf(served, wish) })
      yield* Ref.set(
        local,
        Effect.map(clients.list, (list) => ({ clients: list, socket })),
      )
      return clients
    }),
    engine: Context.get(context, Engine),
    events: Context.get(context, Events),
    host: Context.get(context, Host),
    runner: Context.get(context, Runner),
    supervisor: Context.get(context, Supervisor),
    tokens: Context.get(context, Tokens),
  }
})

interface Served {
  readonly door: ReturnType<typeof localDoor>
  readonly catalogue: Registry["Service"]["current"]
  readonly changes: Registry["Service"]["changes"]
}

const mcpOf =
  (served: Served, { version }: Wish): Listening["mcp"] =>
  ({ hello: { cwd, parent_run }, transport }) =>
    Mcp.serveOn({ hub: Effect.succeed(served), name: "hub", version, transport, cwd, parent_run })
