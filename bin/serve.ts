/** `hub serve`: the hub as a process of its own. */
import { Effect, Exit, Fiber, type Scope } from "effect"
import type { HubUnreachable } from "../core/edge/Door.ts"
import * as Mcp from "../core/edge/Mcp.ts"
import { become, hold, home, start, type Wish } from "./connect.ts"
import * as Successor from "./Successor.ts"

/** All in one process, speaking MCP over stdin and stdout. Ends with its client; the runs go on. */
export const standalone = Effect.fn("Hub.standalone")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const handOver = yield* Successor.prepare(at, wish.self)
  yield* hold(at, wish)
  // The client's first question is answered while plugins still load.
  const starting = yield* Effect.forkScoped(start(at, wish))
  const hub = Effect.map(Fiber.join(starting), ({ door, registry }) => ({
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
  yield* Effect.flatMap(Fiber.join(starting), ({ runner }) => handOver(runner))
})

/** Ends only when the hub cannot start. */
const broken = <A, E>(starting: Fiber.Fiber<A, E>) =>
  Effect.flatMap(Fiber.await(starting), (exit) => (Exit.isSuccess(exit) ? Effect.never : Effect.asVoid(exit)))

/** Works off what is open and ends soon after the last run has: for runs whose client is gone. */
export const background = Effect.fn("Hub.background")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const { runner } = yield* become(yield* home, wish)
  yield* runner.idle
})
