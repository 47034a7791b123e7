/** An HTTP route below `/x/<plugin>/`, in web-standard terms. */
import type { Effect } from "effect"
import type { Caller } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"

/** What stands in the path where it has a `:name`, decoded. */
export type Params = Readonly<Record<string, string>>

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** `/status`, `/item/:id` */
  readonly path: string
  readonly summary: string
  /**
   * The request comes without the caller's token. A `GET` needs the scope `read`, anything else `dispatch`. To a plugin in a
   * worker or process both ways are whole: 10 MB of body at most, no streams, an answer within 5 minutes.
   */
  readonly handle: (
    request: Request,
    caller: Caller,
    params: Params,
  ) => Effect.Effect<Response, never, PluginServices>
}

export const make = (route: Route): Route => route
