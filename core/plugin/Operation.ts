/** Something one can ask of the hub: a CLI command, an MCP tool and a POST route from one description. */
import { type Effect, Schema } from "effect"
import type { PluginServices } from "./Plugin.ts"

export const OperationCode = Schema.Literals([
  "invalid",
  "not_found",
  "conflict",
  "denied",
  "not_yet",
  "unavailable",
  "internal",
])

/** Why the hub says no: what is wrong and what to do next. */
export class OperationFailed extends Schema.TaggedError<OperationFailed>()("OperationFailed", {
  code: OperationCode,
  message: Schema.String,
  details: Schema.optionalKey(Schema.Unknown),
}) {}

/** Who asks. */
export const Caller = Schema.Struct({
  door: Schema.Literals(["cli", "mcp", "http", "plugin"]),
  /** Name and version as the client tells it: `claude-code 2.1`, `cli`. At most 200 characters. */
  client: Schema.String.check(Schema.isMaxLength(200)),
  /** The run this call comes from, when an agent of a run calls the hub. */
  parent_run: Schema.optionalKey(Schema.String),
  /** Where the caller stands, when the door knows. Never used to find code or settings. */
  cwd: Schema.optionalKey(Schema.String),
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
  readonly cli?: CommandLine | undefined
  /** The output as text for a person; colours by the door. Left out: a plain rendering of the fields. */
  readonly print?: ((output: O["Type"]) => string) | undefined
  readonly run: (
    input: I["Type"],
    caller: Caller,
  ) => Effect.Effect<O["Type"], OperationFailed, PluginServices>
}

export const make = <I extends Schema.Top, O extends Schema.Top>(operation: Operation<I, O>): Operation =>
  operation as never
