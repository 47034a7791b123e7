/** `hub serve`: the hub as a process of its own. */
import { Effect, Exit, Fiber, type Scope } from "effect"
import type { HubUnreachable } from "../core/edge/Door.ts"
import * as Mcp from "../core/edge/Mcp.ts"
import { hold, home, start, type Wish } from "./connect.ts"

/** All in one process, speaking MCP over stdin and stdout. Ends with its client; the runs go on. */
export const standalone = Effect.fn("Hub.standalone")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
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
})

/** Ends only when the hub cannot start. */
const broken = <A, E>(starting: Fiber.Fiber<A, E>) =>
  Effect.flatMap(Fiber.await(starting), (exit) => (Exit.isSuccess(exit) ? Effect.never : Effect.asVoid(exit)))

/** Works off what is open and ends `idle` after the last run has. For runs that nobody waits for. */
export const background = Effect.fn("Hub.background")(function* (
  wish: Wish,
): Effect.fn.Return<void, HubUnreachable, Scope.Scope> {
  const at = yield* home
  yield* hold(at, wish)
  const { runner } = yield* start(at, wish)
  yield* runner.idle
})
