/** What crosses between the hub and a plugin in a worker or process: contributions as data, schemas as JSON Schema. */
import { JsonSchema, Schema, SchemaRepresentation } from "effect"
import { Failure } from "../plugin/Failure.ts"
import { DoorName, OperationFailed, Scope } from "../plugin/Operation.ts"
import { HttpFailed } from "../services/Http.ts"
import { FolderUnusable, ProgramMissing, ProgramTimedOut } from "../services/Processes.ts"
import { RunRefused } from "../services/Runs.ts"
import { SecretMissing } from "../services/Secrets.ts"
import { StorageFailed } from "../services/Sql.ts"
import { FileFailed } from "../services/Workspace.ts"
import { codes, RpcError } from "./Rpc.ts"

/** The protocol's version; a plugin that speaks another is refused. */
export const PROTOCOL = 1

const Json = Schema.Record(Schema.String, Schema.Unknown)
const key = Schema.optionalKey
const Text = Schema.String

/** Answer to `initialize`. */
export const Greeting = Schema.Struct({
  protocol: Schema.Literal(PROTOCOL),
  id: Schema.NonEmptyString,
  summary: Schema.String,
  /** JSON Schema of the config. Left out: the plugin checks it itself in `setup`. */
  config: key(Json),
  /** Answers `ping` while it works. */
  ping: key(Schema.Boolean),
})

const named = { summary: Schema.String }
const list = <S extends Schema.Top>(item: S) => key(Schema.Array(item))

const Supports = Schema.Struct({
  resume: key(Schema.Boolean),
  fork: key(Schema.Boolean),
  permission: list(Schema.Literals(["restricted", "auto", "bypass"])),
  model: key(Schema.Boolean),
  output_schema: key(Schema.Boolean),
  system_prompt: key(Schema.Boolean),
})

/** Answer to `setup`. */
export const Offer = Schema.Struct({
  agents: list(
    Schema.Struct({
      id: Schema.NonEmptyString,
      ...named,
      supports: key(Supports),
      /** Answers `agent.probe`. */
      probe: key(Schema.Boolean),
      /** The text `{{hub}}` in `entry` becomes the path of the hub. */
      client: key(
        Schema.Struct({
          file: Schema.String,
          format: Schema.Literals(["json", "jsonc", "toml"]),
          at: Schema.Array(Schema.String),
          entry: Json,
        }),
      ),
    }),
  ),
  steps: list(Schema.Struct({ type: Schema.NonEmptyString, ...named, config: key(Json) })),
  conditions: list(
    Schema.Struct({ id: Schema.NonEmptyString, ...named, config: key(Schema.Union([Json, Schema.Boolean])) }),
  ),
  operations: list(
    Schema.Struct({
      name: Schema.NonEmptyString,
      title: key(Schema.String),
      ...named,
      input: key(Json),
      output: key(Json),
      readonly: Schema.Boolean,
      destructive: key(Schema.Boolean),
      idempotent: key(Schema.Boolean),
      scope: key(Scope),
      doors: key(Schema.Array(DoorName)),
      long: key(
        Schema.Struct({
          id: Text,
          check: Text,
          cancel: Text,
          list: Text,
          reply: key(Text),
          required: key(Schema.Boolean),
        }),
      ),
      input_schema: key(Json),
      cli: key(
        Schema.Struct({
          path: key(Schema.Array(Schema.String)),
          positional: key(Schema.Array(Schema.String)),
          alias: key(Schema.Record(Schema.String, Schema.String)),
          hidden: key(Schema.Boolean),
        }),
      ),
    }),
  ),
  resources: list(
    Schema.Struct({ uri: Schema.NonEmptyString, name: Schema.String, ...named, mime: Schema.String }),
  ),
  prompts: list(Schema.Struct({ name: Schema.NonEmptyString, ...named, arguments: key(Json) })),
  sinks: list(
    Schema.Struct({ id: Schema.NonEmptyString, ...named, types: key(Schema.Array(Schema.String)) }),
  ),
  migrations: list(Schema.Struct({ id: Schema.NonEmptyString, sql: Schema.String })),
  doctor: list(Schema.Struct({ id: Schema.NonEmptyString, ...named })),
})
export type Offer = typeof Offer.Type

/** A schema as JSON Schema, 2020-12, objects closed. */
export const toJson = (schema: Schema.Top): Record<string, unknown> => {
  const document = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  const definitions = Object.keys(document.definitions).length === 0 ? {} : { $defs: document.definitions }
  return { ...document.schema, ...definitions }
}

/**
 * A schema from JSON Schema. What this cannot express is let through: the plugin decodes again with its own schema.
 * Patterns are not run here, for a plugin could send one that never ends.
 */
export const fromJson = (json: unknown): Schema.Codec<unknown, unknown> => {
  try {
    const document = JsonSchema.fromSchemaDraft2020_12((json ?? {}) as JsonSchema.JsonSchema)
    return SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "ignore" }) as never
  } catch {
    return Schema.Unknown
  }
}

/** Every error that may cross, with its fields. */
const Expected = Schema.Union([
  Failure,
  OperationFailed,
  StorageFailed,
  HttpFailed,
  SecretMissing,
  FileFailed,
  RunRefused,
  ProgramMissing,
  FolderUnusable,
  ProgramTimedOut,
])
const encodeExpected = Schema.encodeUnknownOption(Expected)
const decodeExpected = Schema.decodeUnknownOption(Expected)

/** An error for the other side. */
export const toRpc = (error: unknown): RpcError => {
  if (error instanceof RpcError) return error
  const message = error instanceof Error ? error.message : String(error)
  const data = encodeExpected(error)
  return data._tag === "Some"
    ? new RpcError({ code: codes.expected, message, data: data.value })
    : new RpcError({ code: codes.internal, message })
}

/** The error that the other side meant; the RpcError itself when it is none that may cross. */
export const fromRpc = (error: RpcError): unknown => {
  const expected = error.data === undefined ? undefined : decodeExpected(error.data)
  return expected?._tag === "Some" ? expected.value : error
}

/** The answers of a plugin to the hub's calls. */
export const Replies = {
  launch: Schema.Struct({
    program: Schema.NonEmptyString,
    args: Schema.Array(Text),
    env: key(Schema.Record(Text, Text)),
    stdin: key(Schema.Union([Schema.Struct({ text: Text }), Schema.Struct({ file: Text })])),
    files: key(Schema.Record(Text, Text)),
  }),
  opened: Schema.Struct({ decoder: Schema.Int, may_skip: Schema.Boolean }),
  /** For each line its events, or why it broke the decoder: such a line is kept as text. */
  fed: Schema.Array(
    Schema.Struct({ events: list(Schema.Struct({ type: Text, data: Json })), broke: key(Text) }),
  ),
  answer: Schema.Struct({
    text: Text,
    data: key(Schema.Unknown),
    session_id: key(Text),
    usage: key(Schema.Record(Text, Schema.Finite)),
  }),
  step: Schema.Struct({ text: Text, data: key(Schema.Unknown) }),
  verdict: Schema.Struct({ holds: Schema.Boolean, because: Text }),
  probe: Schema.Struct({
    installed: Schema.Boolean,
    path: key(Text),
    version: key(Text),
    logged_in: key(Schema.Boolean),
    notes: Schema.Array(Text),
  }),
  findings: Schema.Array(
    Schema.Struct({ level: Schema.Literals(["ok", "warning", "error"]), text: Text, advice: key(Text) }),
  ),
  text: Text,
  anything: Schema.Unknown,
}
