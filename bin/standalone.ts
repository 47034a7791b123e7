/** `hub serve --stdio --standalone`: the whole hub inside the process of one MCP client. */
import { Deferred, Effect, Exit, Fiber, Ref, type Scope } from "effect"
import type { HubUnreachable } from "../core/edge/Door.ts"
import * as Mcp from "../core/edge/Mcp.ts"
import type { Home } from "../core/services/Home.ts"
import { assemble, type Hub } from "./assemble.ts"
import { home, type Wish } from "./home.ts"
import { start } from "./starting.ts"
import { takeOver } from "./takeOver.ts"

/** Open runs of an earlier hub go on at the latest then, whether the client asks for something or not. */
const longestPause = "300 millis"

/** Speaks MCP over stdin and stdout. Ends with its client; a daemon goes on with what is open then. */
export const standalone = Effect.fn("Hub.standalone")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const handOver = yield* prepare(at, wish)
  yield* takeOver(at, wish)
  // Loading the rooms keeps the process busy: the client's first question is answered before that.
  const wanted = yield* Deferred.make<void>()
  const first = Effect.raceFirst(Deferred.await(wanted), Effect.sleep(longestPause))
  const begun = yield* Ref.make(false)
  const begin = Effect.andThen(Ref.set(begun, true), working(at, wish, handOver))
  const starting = yield* Effect.forkScoped(Effect.andThen(first, begin))
  const local = Effect.andThen(Deferred.succeed(wanted, undefined), Fiber.join(starting))
  const serving = Mcp.serve({
    hub: Effect.map(local, ({ served }) => served),
    name: "hub",
    version: wish.version,
    input: process.stdin,
    output: process.stdout,
    parent_run: process.env["HUB_RUN"],
    cwd: process.cwd(),
  })
  yield* Effect.raceFirst(serving, broken(starting))
  // Only a client that went away leaves runs to a daemon: a signal means that the hub is to be gone.
  yield* handOver.wanted
  if (yield* Ref.get(begun)) yield* local
})

const working = Effect.fnUntraced(function* (at: Home["Service"], wish: Wish, handOver: HandOver) {
  const hub = yield* assemble(at, wish, { mode: "standalone", arguments: [] })
  yield* handOver.count(hub)
  // A home whose path is too long for a socket still works; only other processes cannot reach this hub.
  yield* hub.logged(Effect.catch(hub.listen, ({ message }) => Effect.logWarning(message)))
  return hub
})

/** Ends only when the hub cannot start. */
const broken = <A, E>(starting: Fiber.Fiber<A, E>) =>
  Effect.flatMap(Fiber.await(starting), (exit) => (Exit.isSuccess(exit) ? Effect.never : Effect.asVoid(exit)))

type HandOver = Effect.Success<ReturnType<typeof prepare>>

/** Starts a daemon for what is open at the end, if that is wanted. Call before the home is held: then it is free again. */
const prepare = Effect.fnUntraced(function* (at: Home["Service"], wish: Wish) {
  const open = yield* Ref.make(0)
  const isWanted = yield* Ref.make(false)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if ((yield* Ref.get(isWanted)) && (yield* Ref.get(open)) > 0) yield* Effect.ignore(start(at, wish))
    }),
  )
  return {
    /** Counts before the rooms close, and once nobody can hand over work any more. */
    count: ({ runner }: Hub) =>
      Effect.addFinalizer(() => Effect.flatMap(runner.busy, (runs) => Ref.set(open, runs))),
    wanted: Ref.set(isWanted, true),
  }
})
