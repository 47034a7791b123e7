/** What the command line can be asked to do: made from an operation, or a command of its own. */
import { Effect, Schema, type Scope } from "effect"
import { type Caller, OperationFailed } from "../../plugin/Operation.ts"
import type { Described, Door, HubUnreachable } from "../Door.ts"
import {
  inputSchemaOf,
  isObject,
  type JsonSchema,
  membersOf,
  propertiesOf,
  requiredOf,
} from "../JsonSchema.ts"
import type { Terminal } from "../Terminal.ts"
import { offered } from "./Offered.ts"
import type { Progress } from "./Progress.ts"
import { sentence, wrongs } from "../Wrong.ts"

/** `look`: starts no hub for it, a glance at the home will do. `read`: any hub that can answer. `run`: one that goes on with what it is given. */
export type Need = "look" | "read" | "run"

export interface Globals {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly config?: string | undefined
}

export interface Context {
  readonly globals: Globals
  readonly terminal: Terminal
  readonly caller: Caller
  /** The shell's folder, absolute. */
  readonly cwd: string
  /** HUB_HOME, absolute. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly door: (need: Need) => Effect.Effect<Door, HubUnreachable, Scope.Scope>
  /** Everything on stdin, at most 20 MB. */
  readonly stdin: Effect.Effect<string, OperationFailed>
  readonly progress: Progress
  /** Ends with the name of the signal when the person presses Ctrl-C. */
  readonly interrupted: Effect.Effect<"SIGINT" | "SIGTERM" | "SIGHUP">
  /** Returns once nobody can read any more what goes to stdout. */
  readonly unread: Effect.Effect<void>
}

/** What a command came to. */
export interface Done {
  /** What `--json` prints. Undefined: the command has written everything itself. */
  readonly output?: unknown
  /** For a person. Undefined: a plain rendering of the output. */
  readonly text?: string | undefined
  /** The text is somebody's answer: no word of it gets a colour. */
  readonly verbatim?: boolean | undefined
  /** 0 unless told. */
  readonly code?: number | undefined
}

export type Ran = Effect.Effect<Done, OperationFailed | HubUnreachable, Scope.Scope>

export type Kind = "string" | "integer" | "number" | "boolean" | "list" | "record" | "json"

export interface Field {
  readonly name: string
  /** Without dashes in front. */
  readonly flag: string
  readonly kind: Kind
  /** Of the items of a list. */
  readonly item: Kind
  readonly schema: JsonSchema
  readonly options: ReadonlyArray<string>
  readonly required: boolean
  readonly alias?: string | undefined
  readonly description: string
}

export interface Command {
  readonly path: ReadonlyArray<string>
  readonly summary: string
  /** The plugin that contributes it; `core` for the hub's own. */
  readonly plugin: string
  /** Made when they are asked for: those of all commands take longer than all else that a short one does. */
  readonly fields: () => ReadonlyArray<Field>
  /** Names of fields taken by place. A list in the last place takes the rest. */
  readonly positional: ReadonlyArray<string>
  readonly examples: ReadonlyArray<string>
  readonly hidden: boolean
  /** Writes by itself while it runs: no spinner beside it. */
  readonly speaks: boolean
  /** `marked` are the positional arguments that stood behind `--`. */
  readonly run: (
    input: Readonly<Record<string, unknown>>,
    context: Context,
    marked: ReadonlySet<string>,
  ) => Ran
}

export const reserved = ["json", "config", "quiet", "verbose", "version", "help", "no-color", "color"]

export const pathOf = ({ cli, name }: Pick<Described, "cli" | "name">): ReadonlyArray<string> =>
  cli?.path ?? [name.replaceAll("_", "-")]

export const fromOperation = (operation: Described): Command => ({
  path: pathOf(operation),
  summary: operation.summary,
  plugin: operation.plugin,
  fields: once(() => fieldsOf(operation.input, operation.cli?.alias)),
  positional: operation.cli?.positional ?? [],
  examples: [],
  hidden: operation.cli?.hidden ?? false,
  speaks: false,
  run: (input, context) =>
    Effect.gen(function* () {
      const door = yield* context.door(operation.readonly ? "read" : "run")
      // A hub that was started for this call may still be starting the plugin.
      if (operation.plugin !== "core")
        yield* offered(door, (all) => all.some(({ name }) => name === operation.name))
      return yield* door.call(operation.name, input, context.caller)
    }),
})

/** A command that is no operation. Its input is decoded like one. */
export interface Extra<I extends Schema.Top = Schema.Top> {
  readonly path: ReadonlyArray<string>
  readonly summary: string
  /** A struct whose fields are documented by `Field`. */
  readonly input: I
  readonly positional?: ReadonlyArray<string> | undefined
  /** One-letter flags by field. */
  readonly alias?: Readonly<Record<string, string>> | undefined
  readonly examples?: ReadonlyArray<string> | undefined
  readonly hidden?: boolean | undefined
  /** Writes by itself while it runs: no spinner beside it. */
  readonly speaks?: boolean | undefined
  readonly run: (input: I["Type"], context: Context) => Ran
}

export const extra = <I extends Schema.Codec<unknown, unknown>>(given: Extra<I>): Command => ({
  path: given.path,
  summary: given.summary,
  plugin: "core",
  fields: once(() => fieldsOf(inputSchemaOf(given.input), given.alias)),
  positional: given.positional ?? [],
  examples: given.examples ?? [],
  hidden: given.hidden ?? false,
  speaks: given.speaks ?? false,
  run: (raw, context) =>
    Schema.decodeUnknownEffect(given.input)(raw, { errors: "all", onExcessProperty: "error" }).pipe(
      Effect.mapError(
        ({ issue }) =>
          new OperationFailed({
            code: "invalid",
            message: sentence(wrongs(issue, inputSchemaOf(given.input), raw)),
          }),
      ),
      Effect.flatMap((input) => given.run(input, context)),
    ),
})

const once = <A>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => (made ??= make())
}

/** `alias` gives the letter of a field, or the field of a letter. */
export const fieldsOf = (
  schema: JsonSchema,
  alias: Readonly<Record<string, string>> = {},
): ReadonlyArray<Field> => {
  const required = requiredOf(schema)
  const letters = new Map(Object.entries(alias).map(([a, b]) => (a.length === 1 ? [b, a] : [a, b])))
  return Object.entries(propertiesOf(schema)).map(([name, one]) => ({
    name,
    flag: flagOf(name),
    kind: kindOf(one),
    item: isObject(one["items"]) ? kindOf(one["items"]) : "string",
    schema: one,
    options: optionsOf(one),
    required: required.includes(name),
    alias: letters.get(name),
    description: typeof one["description"] === "string" ? one["description"] : "",
  }))
}

const flagOf = (name: string): string => {
  const flag = name.replaceAll("_", "-")
  return reserved.includes(flag) ? `value-${flag}` : flag
}

const kindOf = (schema: JsonSchema): Kind => {
  const kinds = membersOf(schema).map(kindOfOne)
  return kinds.find((kind) => kind === "string") ?? kinds[0] ?? "json"
}

const kindOfOne = (schema: JsonSchema): Kind => {
  if (Array.isArray(schema["enum"]) || typeof schema["const"] === "string") return "string"
  const type = String(schema["type"])
  if (type === "array") return "list"
  if (type === "object") return Object.keys(propertiesOf(schema)).length === 0 ? "record" : "json"
  return type === "string" || type === "integer" || type === "number" || type === "boolean" ? type : "json"
}

/** The closed set of values; empty when any value of the kind will do. */
const optionsOf = (schema: JsonSchema): ReadonlyArray<string> => {
  const one = isObject(schema["items"]) ? schema["items"] : schema
  const members = membersOf(one)
  const values = members.map((member) =>
    Array.isArray(member["enum"]) ? member["enum"].map(String) : undefined,
  )
  return values.every((some) => some !== undefined) ? values.flat() : []
}
