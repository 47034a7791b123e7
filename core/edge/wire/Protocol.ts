/**
 * What is spoken on `$HUB_HOME/hub.sock`: JSON, one message a line, UTF-8.
 *
 * The first line of a client says what it wants, the first line of the hub whether it gets it. After `kind: "mcp"` the lines
 * are those of MCP over stdio, both ways. Free of Effect: the shim loads it.
 */

/** Grows with each change that an older side would misread. */
export const PROTOCOL = 1

export interface Hello {
  readonly hello: {
    readonly protocol: number
    readonly kind: "mcp" | "calls"
    /** Of the program that speaks. */
    readonly version: string
    /** The client's folder, absolute. */
    readonly cwd?: string
    /** The run that the client works in. */
    readonly parent_run?: string
  }
}

export type Greeting =
  | {
      readonly welcome: {
        readonly protocol: number
        readonly version: string
        readonly pid: number
        /** Operations that may be asked again under the same `call_key` when their answer was lost. */
        readonly repeatable: ReadonlyArray<string>
      }
    }
  | {
      readonly refused: {
        /** `ending`: look for the next hub. `stranger`: another user. */
        readonly reason: "protocol" | "ending" | "stranger" | "malformed" | "full"
        readonly message: string
      }
    }

/** In `_meta` of a `tools/call` that came through a shim: the `call_key`. The same when the shim asks again. */
export const CALL_KEY = "hub/call_key"

/** Error code of a request that an ending hub has not begun. Known between hub and shim only: the shim asks the next hub. */
export const ENDING = -32_090

/** After `kind: "calls"`, from the client. Ids are its own; several calls may be under way. */
export type Ask =
  | { readonly id: number; readonly operations: true }
  | {
      readonly id: number
      readonly call: { readonly name: string; readonly input?: unknown; readonly caller: unknown }
    }
  /** Breaks off the call with this id. Closing the connection breaks off all. */
  | { readonly cancel: number }

/** After `kind: "calls"`, from the hub. */
export type Told =
  | { readonly id: number; readonly operations: ReadonlyArray<unknown> }
  | { readonly id: number; readonly output: unknown; readonly text?: string }
  | {
      readonly id: number
      readonly error: { readonly code: string; readonly message: string; readonly details?: unknown }
    }
  | {
      readonly id: number
      readonly progress: { readonly done: number; readonly total?: number; readonly message?: string }
    }
  /** The hub ends: the call was not begun, or only looked, and may be asked of the next hub. */
  | { readonly id: number; readonly ending: true }
