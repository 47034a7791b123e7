/** `hub serve`: the one hub of a home, for all its clients. */
import { Clock, Deferred, Effect, Fiber, Ref, type Scope, Stream } from "effect"
import { HubUnreachable } from "../core/edge/Door.ts"
import { argumentsOf, type ServeFlags } from "../core/edge/extras/daemon/Flags.ts"
import type { Clients } from "../core/edge/wire/Listen.ts"
import type { Home } from "../core/services/Home.ts"
import { assemble, type Changing, type Hub } from "./assemble.ts"
import { answers, hold, home, type Wish } from "./home.ts"
import * as HttpDoor from "./httpDoor.ts"
import * as Idle from "./idle.ts"
import { givesBack, thisProcess } from "./resting.ts"
import { gone, remembered } from "./standing.ts"
import { replace } from "./takeOver.ts"

/** Serves until the home is gone or, with `idle`, nobody has needed it for that long. `ready` is told where it listens. */
export const daemon = Effect.fn("Hub.daemon")(function* (
  wish: Wish,
  flags: ServeFlags,
  ready: (where: string) => Effect.Effect<void>,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  belongToNobody()
  endsOnce()
  const at = yield* home
  // One that is started for a while takes nobody's place.
  yield* flags.idle === undefined ? replace(at, wish) : hold(at, wish, () => answers(at))
  const changing = yield* Deferred.make<Effect.Effect<Changing>>()
  const hub = yield* assemble(
    at,
    wish,
    { mode: "daemon", arguments: argumentsOf(flags, wish.config) },
    // Who asks as soon as a door is open is told all the same.
    Effect.flatten(Deferred.await(changing)),
  )
  yield* hub.logged(serving({ at, wish, flags, hub, changing, ready }))
})

interface Serving {
  readonly at: Home["Service"]
  readonly wish: Wish
  readonly flags: ServeFlags
  readonly hub: Hub
  readonly changing: Deferred.Deferred<Effect.Effect<Changing>>
  readonly ready: (where: string) => Effect.Effect<void>
}

/** Opens the doors, and returns once the hub is to end. */
const serving = Effect.fnUntraced(function* ({ at, changing, flags, hub, ready, wish }: Serving) {
  const settings = Stream.map(hub.host.serve, (serve) => HttpDoor.over(flags, serve))
  const { state: http } = yield* HttpDoor.follow(settings, opening(hub, wish))
  yield* refused(at, flags, yield* http)
  const clients = yield* Effect.mapError(
    hub.listen,
    ({ message }) => new HubUnreachable({ home: at.path, message }),
  )
  yield* endWithHome(at, hub)
  const homeless = yield* Effect.forkScoped(gone(at.path, [hub.socket]), { startImmediately: true })
  const idle = yield* idleOf(flags, hub, clients, http)
  yield* Deferred.succeed(changing, changingOf(http, idle))
  yield* Effect.forkScoped(givesBack(thisProcess))
  yield* ready([hub.socket, (yield* http)?.url].filter((one) => one !== undefined).join(" and "))
  yield* Effect.raceFirst(Fiber.join(homeless), idle === undefined ? Effect.never : idle.ended)
})

/** What stands behind it is loaded once somebody wants it: most hubs are never asked by HTTP. */
const opening =
  (hub: Hub, wish: Wish): HttpDoor.Open =>
  (settings) =>
    Effect.flatMap(
      Effect.promise(() => import("./openHttp.ts")),
      ({ openHttp }) => openHttp(hub, wish)(settings),
    )

/** Who starts it may be an agent of a run, in a folder that is to be removed: this hub, and what it starts, is of neither. */
const belongToNobody = (): void => {
  delete process.env["HUB_RUN"]
  delete process.env["HUB_ATTEMPT"]
  process.chdir("/")
}

/** Whoever asks again to end while it ends already does not cut it short. */
const endsOnce = (): void => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {})
}

type Http = Effect.Success<ReturnType<typeof HttpDoor.follow>>["state"]

const idleOf = Effect.fnUntraced(function* (
  { idle }: ServeFlags,
  { runner }: Hub,
  clients: Clients,
  http: Http,
) {
  if (idle === undefined) return undefined
  const last = yield* Ref.make(0)
  const note = Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.set(last, now))
  yield* Effect.forkScoped(Stream.runForEach(clients.changes, () => note))
  return yield* Idle.make(idle, {
    now: Effect.gen(function* () {
      return (yield* clients.busy) > 0 || (yield* runner.busy) > 0 || (yield* http)?.url !== undefined
    }),
    last: Ref.get(last),
  })
})

const changingOf = (http: Http, idle: Idle.Idle | undefined): Effect.Effect<Changing> =>
  Effect.gen(function* () {
    const door = yield* http
    const left = yield* idle?.left ?? Effect.undefined
    return {
      ...(door === undefined ? {} : { http: door }),
      ...(left === undefined ? {} : { ends_in_ms: left }),
    }
  })

/** Somebody who asks for HTTP and stands by is told at once; a file that asks for it keeps nobody else waiting. */
const refused = (at: Home["Service"], flags: ServeFlags, http: Effect.Success<Http>) =>
  HttpDoor.asks(flags) && http?.problem !== undefined
    ? Effect.fail(new HubUnreachable({ home: at.path, message: http.problem }))
    : Effect.void

/** How long a folder may take to be removed, once the first of its files is. */
const removal = "500 millis"

/** Agents of a home that is gone could never be asked again: they end with it. */
const endWithHome = Effect.fnUntraced(function* (
  at: Home["Service"],
  { engine, runner, supervisor, socket }: Hub,
) {
  const isThere = remembered(at.path)
  const isFound = remembered(socket)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (isFound()) return
      const runs = yield* engine.executing
      yield* runner.leave
      if (isThere()) yield* Effect.sleep(removal)
      if (!isThere()) yield* Effect.forEach(runs, supervisor.sweep, { discard: true })
    }),
  )
})
