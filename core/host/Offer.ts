/** What a plugin in a worker or process says of itself and contributes: data, schemas as JSON Schema. */
import { Schema } from "effect"
import { permissions } from "../plugin/Agent.ts"
import { DoorName, Scope } from "../plugin/Operation.ts"

/** The protocol's version; a plugin that speaks another is refused. */
export const PROTOCOL = 1

const Json = Schema.Record(Schema.String, Schema.Unknown)
const key = Schema.optionalKey

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
  resume_in_folder: key(Schema.Boolean),
  permission: list(Schema.Literals(permissions)),
  model: key(Schema.Boolean),
  output_schema: key(Schema.Boolean),
  system_prompt: key(Schema.Boolean),
  hub_tools: key(Schema.Boolean),
})

/** Plain segments, `:name`, and `*` at the end. A router would run a pattern, and a plugin could send one that never ends. */
const Path = Schema.String.check(
  Schema.isMaxLength(500),
  Schema.isPattern(/^\/$|^(?:\/(?:[\w.~-]+|:\w+))+(?:\/\*)?$|^\/\*$/, {
    expected: "a path of plain segments and :names, such as /item/:id",
  }),
)

/** `Long` of an operation. */
export const LongAsData = Schema.Struct({
  id: Schema.String,
  check: Schema.String,
  cancel: Schema.String,
  list: Schema.String,
  reply: key(Schema.String),
  required: key(Schema.Boolean),
})

/** Answer to `setup`. */
export const Offer = Schema.Struct({
  agents: list(
    Schema.Struct({
      id: Schema.NonEmptyString,
      ...named,
      supports: key(Supports),
      program: key(Schema.String),
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
      long: key(LongAsData),
      input_schema: key(Json),
      /** What comes with each output: its result is then `{ output, text, content }`, with what is named here. */
      shows: list(Schema.Literals(["text", "content"])),
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
    Schema.Struct({
      uri: Schema.NonEmptyString,
      name: Schema.String,
      title: key(Schema.String),
      ...named,
      mime: Schema.String,
      /** Answers `resource.follow`. */
      changes: key(Schema.Boolean),
      /** Answers `resource.complete`. */
      complete: key(Schema.Boolean),
    }),
  ),
  prompts: list(
    Schema.Struct({
      name: Schema.NonEmptyString,
      title: key(Schema.String),
      ...named,
      arguments: key(Json),
      /** Answers `prompt.complete`. */
      complete: key(Schema.Boolean),
    }),
  ),
  routes: list(
    Schema.Struct({
      method: Schema.Literals(["GET", "POST", "PUT", "PATCH", "DELETE"]),
      path: Path,
      ...named,
    }),
  ),
  sinks: list(
    Schema.Struct({ id: Schema.NonEmptyString, ...named, types: key(Schema.Array(Schema.String)) }),
  ),
  migrations: list(Schema.Struct({ id: Schema.NonEmptyString, sql: Schema.String })),
  doctor: list(Schema.Struct({ id: Schema.NonEmptyString, ...named })),
})
export type Offer = typeof Offer.Type
