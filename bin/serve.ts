/** `hub serve`: the hub as a process of its own. */
import { Deferred, Effect, Exit, Fiber, Ref, type Scope } from "effect"
import type { HubUnreachable } from "../core/edge/Door.ts"
import * as Mcp from "../core/edge/Mcp.ts"
import { hold, home, start, takeOver, type Wish } from "./connect.ts"
import * as Successor from "./Successor.ts"

/** Open runs of an earlier hub go on at the latest then, whether the client asks for something or not. */
const longestPause = "300 millis"

/** All in one process, speaking MCP over stdin and stdout. Ends with its client; the runs go on. */
export const standalone = Effect.fn("Hub.standalone")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const handOver = yield* Successor.prepare(at, wish.self)
  yield* takeOver(at, wish)
  // Loading the rooms keeps the process busy: the client's first question is answered before that.
  const wanted = yield* Deferred.make<void>()
  const first = Effect.raceFirst(Deferred.await(wanted), Effect.sleep(longestPause))
  const begun = yield* Ref.make(false)
  const begin = Effect.andThen(Ref.set(begun, true), start(at, wish, handOver))
  const starting = yield* Effect.forkScoped(Effect.andThen(first, begin))
  const local = Effect.andThen(Deferred.succeed(wanted, undefined), Fiber.join(starting))
  const hub = Effect.map(local, ({ door, registry }) => ({
    door,
    catalogue: registry.current,
    changes: registry.changes,
  }))
  const serving = Mcp.serve({
    hub,
    name: "hub",
    version: wish.version,
    input: process.stdin,
    output: process.stdout,
    parent_run: process.env["HUB_RUN"],
    cwd: process.cwd(),
  })
  yield* Effect.raceFirst(serving, broken(starting))
  // Only a client that went away leaves runs to a successor: a signal means that the hub is to be gone.
  yield* handOver.wanted
  if (yield* Ref.get(begun)) yield* local
})

/** Ends only when the hub cannot start. */
const broken = <A, E>(starting: Fiber.Fiber<A, E>) =>
  Effect.flatMap(Fiber.await(starting), (exit) => (Exit.isSuccess(exit) ? Effect.never : Effect.asVoid(exit)))

/** Works off what is open and ends soon after the last run has: for runs whose client is gone. */
export const background = Effect.fn("Hub.background")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const handOver = yield* Successor.prepare(at, wish.self)
  yield* hold(at, wish)
  const { runner } = yield* start(at, wish, handOver)
  yield* runner.idle
})
