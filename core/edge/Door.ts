/** The hub as a door sees it: what can be asked, and asking it. The same for a hub in this process and one behind a socket. */
import { type Effect, Schema } from "effect"
import type { Content } from "../plugin/Content.ts"
import { type Caller, DoorName, type OperationFailed, Scope } from "../plugin/Operation.ts"
import type { Talk } from "../plugin/Talk.ts"

/** An operation as data: enough for a command line and its help, a tool, a completion. */
export const Described = Schema.Struct({
  name: Schema.String,
  /** The plugin that contributes it, or `core`. */
  plugin: Schema.String,
  title: Schema.optionalKey(Schema.String),
  summary: Schema.String,
  /** JSON Schema (2020-12) of the encoded side. */
  input: Schema.Record(Schema.String, Schema.Unknown),
  output: Schema.Record(Schema.String, Schema.Unknown),
  readonly: Schema.Boolean,
  destructive: Schema.Boolean,
  idempotent: Schema.Boolean,
  scope: Scope,
  /** All when left out. */
  doors: Schema.optionalKey(Schema.Array(DoorName)),
  long: Schema.optionalKey(
    Schema.Struct({
      id: Schema.String,
      check: Schema.String,
      cancel: Schema.String,
      list: Schema.String,
      reply: Schema.optional(Schema.String),
      required: Schema.optional(Schema.Boolean),
    }),
  ),
  cli: Schema.optionalKey(
    Schema.Struct({
      path: Schema.optionalKey(Schema.Array(Schema.String)),
      positional: Schema.optionalKey(Schema.Array(Schema.String)),
      alias: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      hidden: Schema.optionalKey(Schema.Boolean),
    }),
  ),
})
export type Described = typeof Described.Type

export interface Answered {
  /** Encoded: plain JSON. */
  readonly output: unknown
  /** The same for a person, without colours; absent when the operation has no rendering of its own. */
  readonly text?: string | undefined
  /** For an MCP client, instead of `text`. Not carried to other processes. */
  readonly content?: ReadonlyArray<Content> | undefined
}

export interface Door {
  readonly operations: Effect.Effect<ReadonlyArray<Described>, OperationFailed>
  /** `input` is raw: decoded strictly on the hub's side, all errors at once. Says and asks nothing without `talk`. */
  readonly call: (
    name: string,
    input: unknown,
    caller: Caller,
    talk?: Talk,
  ) => Effect.Effect<Answered, OperationFailed>
}

/** No hub, and none could be started: exit code 4, unless a file is what is wrong. */
export class HubUnreachable extends Schema.TaggedError<HubUnreachable>()("HubUnreachable", {
  home: Schema.String,
  /** What happened and what to do next. */
  message: Schema.String,
  /** What is wrong with the file that keeps the hub from starting: then the exit code is 2. */
  diagnostics: Schema.optionalKey(Schema.Unknown),
  /** Another hub holds the home: it may answer, or be gone, in a moment. */
  held: Schema.optionalKey(Schema.Boolean),
}) {}
