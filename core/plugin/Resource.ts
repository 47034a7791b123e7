/** Something one can read by URI: an MCP resource. */
import type { Effect } from "effect"
import type { Caller, OperationFailed } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"

export interface Resource {
  /** `hub://runs/{id}`: names in braces become variables. */
  readonly uri: string
  readonly name: string
  readonly summary: string
  /** `application/json`, `text/plain`, … */
  readonly mime: string
  readonly read: (
    variables: Readonly<Record<string, string>>,
    caller: Caller,
  ) => Effect.Effect<string, OperationFailed, PluginServices>
}

export const make = (resource: Resource): Resource => resource
