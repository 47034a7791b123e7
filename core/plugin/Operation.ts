/** Something one can ask of the hub: a CLI command, an MCP tool and a POST route from one description. */
import { type Effect, Schema } from "effect"
import type { Content } from "./Content.ts"
import type { PluginServices } from "./Plugin.ts"
import type { Talk } from "./Talk.ts"

export const OperationCode = Schema.Literals([
  "invalid",
  "not_found",
  "conflict",
  "denied",
  "not_yet",
  /** Over a limit of calls. `details.retry_after_ms` says when it may be tried again. */
  "too_many",
  /** Questions stand in the way: `details.questions`. See `Talk.ask`. */
  "input_required",
  "unavailable",
  "internal",
])

/** Why the hub says no: what is wrong and what to do next. */
export class OperationFailed extends Schema.TaggedError<OperationFailed>()("OperationFailed", {
  code: OperationCode,
  message: Schema.String,
  details: Schema.optionalKey(Schema.Unknown),
}) {}

/** What a token allows. Each includes those before it: whoever may dispatch may read. */
export const Scope = Schema.Literals(["read", "dispatch", "admin"])
export type Scope = typeof Scope.Type

/** Does one of these scopes include what is needed? */
export const covers = (held: ReadonlyArray<Scope>, needed: Scope): boolean =>
  held.some((scope) => Scope.literals.indexOf(scope) >= Scope.literals.indexOf(needed))

export const DoorName = Schema.Literals(["cli", "mcp", "http", "plugin"])
export type DoorName = typeof DoorName.Type

/** Who asks. */
export const Caller = Schema.Struct({
  door: DoorName,
  /** Name and version as the client tells it: `claude-code 2.1`, `cli`. At most 200 characters. */
  client: Schema.String.check(Schema.isMaxLength(200)),
  /** The run this call comes from, when an agent of a run calls the hub. */
  parent_run: Schema.optionalKey(Schema.String),
  /** Where the caller stands, when the door knows. Never used to find code or settings. */
  cwd: Schema.optionalKey(Schema.String),
  /** What this caller may do; everything when left out: the hub's own user, through the socket. */
  scopes: Schema.optionalKey(Schema.Array(Scope)),
  /** Name of the token that was shown. */
  token: Schema.optionalKey(Schema.String),
  /** Seconds after which this client gives up on a call; an operation that waits answers before. No limit when left out. */
  patience_seconds: Schema.optionalKey(Schema.Finite),
  /** The same for each repetition of one call: a call that was lost with a hub may be repeated under it. At most 200 characters. */
  call_key: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
})
export type Caller = typeof Caller.Type

/** How the command line shows it. Left out: `hub <name with dashes>`, every field a flag, the output as aligned text. */
export interface CommandLine {
  /** `["runs", "list"]` */
  readonly path?: ReadonlyArray<string> | undefined
  /** Fields taken as positional arguments, in order. */
  readonly positional?: ReadonlyArray<string> | undefined
  /** One-letter names of flags. */
  readonly alias?: Readonly<Record<string, string>> | undefined
  /** `true`: part of the product's machinery, not listed in `--help`. */
  readonly hidden?: boolean | undefined
}

/** An operation that starts something long: what it gives an id for is looked at, and ended, by other operations. */
export interface Long {
  /** Field of the output, and of the input of the others, that holds the id: `run_id`. */
  readonly id: string
  /**
   * Operation that tells how it stands: its output has `state`, `answer` once it has succeeded, `failure.message` when it has
   * not (of class `internal`: by a fault of the hub), and `questions` (as in `Talk.ask`) while it waits for replies. With an
   * input `wait_seconds` it may be asked to wait for the end. (The operation itself is not, where a task is what is wanted.)
   */
  readonly check: string
  readonly cancel: string
  readonly list: string
  /** Operation that takes `replies`, by the keys of the questions, beside the id. */
  readonly reply?: string | undefined
  /** Only for clients that know tasks. */
  readonly required?: boolean | undefined
}

export interface Operation<I extends Schema.Top = Schema.Top, O extends Schema.Top = Schema.Top> {
  /** lower_snake_case, unique in the hub. */
  readonly name: string
  readonly title?: string | undefined
  readonly summary: string
  readonly input: I
  readonly output: O
  /** Changes nothing: a client may repeat it. */
  readonly readonly: boolean
  /** May undo or destroy what exists. */
  readonly destructive?: boolean | undefined
  /** Changes nothing more when it is repeated with the same input and `call_key`. */
  readonly idempotent?: boolean | undefined
  /** Scope that a caller needs. Left out: `read` when it is readonly, else `dispatch`. */
  readonly scope?: Scope | undefined
  /** Doors that show it. Left out: all. */
  readonly doors?: ReadonlyArray<DoorName> | undefined
  /** It starts something long. MCP clients that know tasks get one. */
  readonly long?: Long | undefined
  /** JSON Schema of the input as clients are shown it, where `input` cannot say all of it. */
  readonly input_schema?: Readonly<Record<string, unknown>> | undefined
  readonly cli?: CommandLine | undefined
  /** The output as text for a person; colours by the door. Left out: a plain rendering of the fields. */
  readonly print?: ((output: O["Type"]) => string) | undefined
  /** What an MCP client is shown instead of `print`. */
  readonly content?: ((output: O["Type"]) => ReadonlyArray<Content>) | undefined
  readonly run: (
    input: I["Type"],
    caller: Caller,
    talk: Talk,
  ) => Effect.Effect<O["Type"], OperationFailed, PluginServices>
}

/** What an operation says of itself by leaving it out. */
export const implied = ({
  destructive,
  idempotent,
  readonly,
  scope,
}: Pick<Operation, "destructive" | "idempotent" | "readonly" | "scope">) => ({
  destructive: destructive ?? false,
  idempotent: idempotent ?? readonly,
  scope: scope ?? (readonly ? ("read" as const) : ("dispatch" as const)),
})

export const make = <I extends Schema.Top, O extends Schema.Top>(operation: Operation<I, O>): Operation =>
  operation as never
