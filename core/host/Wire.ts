/** What crosses between the hub and a plugin in a worker or process: schemas as JSON Schema, errors with their fields, answers. */
import { JsonSchema, Schema, SchemaRepresentation } from "effect"
import { Content } from "../plugin/Content.ts"
import { Failure } from "../plugin/Failure.ts"
import { OperationFailed } from "../plugin/Operation.ts"
import { HttpFailed } from "../services/Http.ts"
import { FolderUnusable, ProgramMissing, ProgramTimedOut } from "../services/Processes.ts"
import { RunRefused } from "../services/Runs.ts"
import { SecretMissing } from "../services/Secrets.ts"
import { StorageFailed } from "../services/Sql.ts"
import { FileFailed } from "../services/Workspace.ts"
import { codes, RpcError } from "./Rpc.ts"

const Json = Schema.Record(Schema.String, Schema.Unknown)
const key = Schema.optionalKey
const Text = Schema.String
const list = <S extends Schema.Top>(item: S) => key(Schema.Array(item))

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

/** Most bytes of a request or a response of a route: as base64 they fit in a message. */
export const MAX_BODY = 10 * 1024 * 1024

/** Name and value. A name may come twice. */
const Header = Schema.Tuple([Text, Text])
const Body = Schema.Uint8ArrayFromBase64

/** A request to a route, as the plugin gets it. */
export const RouteRequest = Schema.Struct({
  method: Text,
  url: Text,
  headers: Schema.Array(Header),
  body: key(Body),
})

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
    login: key(Text),
    seen: key(Text),
    flags: key(Schema.Struct({ help: Schema.Array(Text), used: Schema.Array(Text) })),
    notes: Schema.Array(Text),
  }),
  findings: Schema.Array(
    Schema.Struct({ level: Schema.Literals(["ok", "warning", "error"]), text: Text, advice: key(Text) }),
  ),
  /** A resource. */
  read: Schema.Union([Text, Schema.Struct({ blob: Text.check(Schema.isBase64()) })]),
  /** A prompt. */
  said: Schema.Union([
    Text,
    Schema.Array(Schema.Struct({ role: Schema.Literals(["user", "assistant"]), content: Content })),
  ]),
  completions: Schema.Array(Text),
  response: Schema.Struct({
    status: Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })),
    headers: list(Header),
    body: key(Body),
  }),
  anything: Schema.Unknown,
}
