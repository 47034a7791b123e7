/** What stands behind the HTTP door: the operations and events of the hub, and MCP. */
import { Effect } from "effect"
import * as Http from "../core/edge/http/Http.ts"
import * as McpHttp from "../core/edge/mcp/Http.ts"
import { startingOf } from "../core/plugin/Catalogue.ts"
import type { Hub } from "./assemble.ts"
import type { Wish } from "./home.ts"
import type { Open } from "./httpDoor.ts"

export const openHttp = ({ events, registry, served, tokens }: Hub, { version }: Wish): Open =>
  Effect.fn("Hub.openHttp")(function* (settings) {
    const mcp = yield* McpHttp.make({ hub: Effect.succeed(served), name: "hub", version })
    const http = yield* Http.serve({
      door: served.door,
      registry,
      events,
      tokens,
      mcp: mcp.handle,
      settings,
      version,
      ready: Effect.map(registry.current, (catalogue) => {
        const reasons = startingOf(catalogue).map(({ instance }) => `The plugin ${instance} starts.`)
        return { ready: reasons.length === 0, reasons }
      }),
    })
    // Before the port is closed, which waits for what is open.
    yield* Effect.addFinalizer(() => mcp.end)
    return http
  })
