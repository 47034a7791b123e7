/** An HTTP route below `/x/<plugin>/`, in web-standard terms. */
import type { Effect } from "effect"
import type { Caller } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** `/status`, `/item/:id` */
  readonly path: string
  readonly summary: string
  readonly handle: (request: Request, caller: Caller) => Effect.Effect<Response, never, PluginServices>
}

export const make = (route: Route): Route => route
