/** `plugins.toml`: which plugins run, under which names, with which config. */
import { existsSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { Effect, Schema } from "effect"
import * as Field from "../plugin/Field.ts"
import * as Settings from "./Settings.ts"
import { decode, diagnose, Invalid, parse, type TomlDocument, TomlSyntax } from "../toml/Toml.ts"

export const Isolation = Schema.Literals(["none", "worker", "process"])
export type Isolation = typeof Isolation.Type

const name = /^[a-z0-9][a-z0-9_-]*$/

const Entry = Schema.Struct({
  use: Field.required(
    Schema.NonEmptyString,
    "A built-in plugin, `./path` beside this file, an absolute path, or a package below plugins/node_modules of HUB_HOME.",
  ),
  startup: Field.withDefault(
    Schema.Literals(["required", "optional"]),
    "optional",
    "`required`: the hub does not start without it. `optional`: it starts and says what is missing.",
  ),
  isolation: Field.withDefault(
    Isolation,
    "none",
    "`none`: inside the hub, trusted like the hub. `worker`: a thread that can be ended. `process`: a process of its own.",
  ),
  enabled: Field.withDefault(Schema.Boolean, true, "`false`: read, but not started."),
  command: Field.optional(
    Schema.NonEmptyArray(Schema.NonEmptyString),
    'Program and arguments of a plugin in any language, started in the plugin\'s folder. Needs `isolation = "process"`.',
  ),
  env: Field.optional(
    Schema.Array(Schema.String.check(Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/))),
    "Names of environment variables handed to a plugin process; their values are secrets.",
  ),
  config: Field.optional(
    Schema.Record(Schema.String, Schema.Unknown),
    "What the plugin itself is told; its own keys.",
  ),
})

/** What a plugins.toml may hold. */
export const PluginsFile = Schema.Struct({
  serve: Field.optional(Settings.Serve, "The doors of the hub."),
  plugin: Field.optional(
    Schema.Record(Schema.String.check(Schema.isPattern(name)), Entry),
    "One table for each instance: `[plugin.NAME]`.",
  ),
})

/** One `[plugin.NAME]`. */
export interface Instance {
  readonly name: string
  readonly use: string
  readonly startup: "required" | "optional"
  readonly isolation: Isolation
  readonly command: ReadonlyArray<string> | undefined
  readonly env: ReadonlyArray<string>
  readonly config: unknown
  /** Relative paths of `use` start here. */
  readonly folder: string
  /** Where it is written, for errors. */
  readonly document: TomlDocument
}

export interface PluginsToml {
  readonly file: string
  /** `false`: nothing on disk, this is the embedded default. */
  readonly onDisk: boolean
  readonly instances: ReadonlyArray<Instance>
  readonly serve: Settings.Serve
}

export interface Where {
  /** `--config FILE` */
  readonly file?: string | undefined
  readonly home: string
  /** The embedded default. */
  readonly fallback: string
}

/** The file that counts. The current folder never does: plugins are code. */
export const locate = (where: Where): { readonly file: string; readonly onDisk: boolean } => {
  if (where.file !== undefined) return { file: path.resolve(where.file), onDisk: true }
  const file = path.join(where.home, "plugins.toml")
  return { file, onDisk: existsSync(file) }
}

/** Reads it and says everything that is wrong with it. */
export const read = Effect.fn("PluginsToml.read")(function* (where: Where) {
  const { file, onDisk } = locate(where)
  const text = onDisk ? yield* textOf(file) : where.fallback
  const document = yield* parse(text, onDisk ? file : "(built-in plugins.toml)")
  return { file, onDisk, ...(yield* contents(document, path.dirname(file))) } satisfies PluginsToml
})

const textOf = (file: string) =>
  Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (error) =>
      new TomlSyntax({
        file,
        line: 1,
        column: 1,
        excerpt: "",
        reason: `cannot be read: ${(error as Error).message}`,
      }),
  })

const contents = Effect.fnUntraced(function* (document: TomlDocument, folder: string) {
  const { plugin = {}, serve = Settings.serve } = yield* decode(PluginsFile, document)
  const wrong = wrongCommands(document, plugin)
  if (wrong.length > 0) return yield* new Invalid({ diagnostics: wrong })
  const instances = Object.entries(plugin).flatMap(([name, { enabled, ...entry }]) =>
    enabled ? [instance(name, entry, document, folder)] : [],
  )
  return { instances, serve }
})

/** Programs of plugins that are not asked to run in a process. */
export const wrongCommands = (
  document: TomlDocument,
  plugins: Readonly<Record<string, { readonly command?: unknown; readonly isolation?: unknown }>>,
) =>
  Object.entries(plugins).flatMap(([name, entry]) =>
    entry.command !== undefined && entry.isolation !== "process"
      ? [diagnose(document, ["plugin", name, "command"], 'needs isolation = "process"', { onKey: true })]
      : [],
  )

/** The config as it is written. An absent table reads as an empty one, so that its missing keys are told at the plugin's header. */
export const withConfig = (document: TomlDocument, name: string): unknown => {
  const written = (document.value["plugin"] as Record<string, Record<string, unknown>>)[name]!
  return (written["config"] ??= {})
}

const instance = (
  name: string,
  entry: Omit<typeof Entry.Type, "enabled">,
  document: TomlDocument,
  folder: string,
): Instance => ({
  name,
  use: entry.use,
  startup: entry.startup,
  isolation: entry.isolation,
  command: entry.command,
  env: entry.env ?? [],
  config: withConfig(document, name),
  folder,
  document,
})

/** `file:line:column  plugin.acme.use` */
export const placeOf = (instance: Instance, key: string): string => {
  const { line, column } = instance.document.at(["plugin", instance.name, key])
  return `${instance.document.file}:${line}:${column}  plugin.${instance.name}.${key}`
}
