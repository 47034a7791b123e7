/** Something one can read by URI: an MCP resource. */
import type { Effect, Stream } from "effect"
import type { Caller, OperationFailed } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"
import type { Talk } from "./Talk.ts"

export type Variables = Readonly<Record<string, string>>

/** Bytes, as base64. */
export interface Blob {
  readonly blob: string
}

export interface Resource {
  /** `hub://runs/{id}`: names in braces become variables. */
  readonly uri: string
  readonly name: string
  readonly title?: string | undefined
  readonly summary: string
  /** `application/json`, `text/plain`, … */
  readonly mime: string
  readonly read: (
    variables: Variables,
    caller: Caller,
    talk: Talk,
  ) => Effect.Effect<string | Blob, OperationFailed, PluginServices>
  /**
   * An element each time it reads differently. With it a client may subscribe. Ends when nothing more will change.
   *
   * Takes up its source first thing: a client is told that it has subscribed once the stream runs. When the plugin is started again,
   * the hub tells its subscribers so, and follows the new one.
   */
  readonly changes?: ((variables: Variables) => Stream.Stream<unknown, never, PluginServices>) | undefined
  /** What a variable of the URI may be, best first, at most 100, for what was typed so far. */
  readonly complete?:
    | ((variable: string, typed: string) => Effect.Effect<ReadonlyArray<string>, never, PluginServices>)
    | undefined
}

export const make = (resource: Resource): Resource => resource
