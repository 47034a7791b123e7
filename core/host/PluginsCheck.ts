/** Everything that is wrong with a plugins.toml, as far as it can be told without running a plugin from outside. */
import { Effect, type Schema } from "effect"
import type { Diagnostic } from "../toml/Toml.ts"
import { decode, type TomlDocument } from "../toml/Toml.ts"
import { PluginsFile, withConfig, wrongCommands } from "./PluginsToml.ts"
import type { Builtin } from "./Source.ts"

/** The hub's own keys, and the config of each instance of a built-in plugin, by that plugin's schema. */
export const check = Effect.fn("PluginsCheck.check")(function* (document: TomlDocument, builtin: Builtin) {
  const own = yield* diagnosed(decode(PluginsFile, document))
  const configs = yield* Effect.forEach(Object.entries(tables(document)), ([name, table]) =>
    configOf(name, table, document, builtin),
  )
  return [...own, ...wrongCommands(document, tables(document)), ...configs.flat()].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  ) satisfies ReadonlyArray<Diagnostic>
})

const diagnosed = <A>(effect: ReturnType<typeof decode<Schema.Codec<A, unknown>>>) =>
  Effect.match(effect, { onSuccess: () => [], onFailure: ({ diagnostics }) => diagnostics })

type Table = Readonly<Record<string, unknown>>

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** As they are written: the hub's own keys may be wrong beside a config that is read all the same. */
const tables = ({ value }: TomlDocument): Readonly<Record<string, Table>> => {
  const all = isTable(value["plugin"]) ? Object.entries(value["plugin"]) : []
  return Object.fromEntries(all.filter((entry): entry is [string, Table] => isTable(entry[1])))
}

const configOf = Effect.fnUntraced(function* (
  name: string,
  { config = {}, enabled, use }: Table,
  document: TomlDocument,
  builtin: Builtin,
) {
  const load = typeof use === "string" && Object.hasOwn(builtin, use) ? builtin[use] : undefined
  // The hub does not read the config of an instance that is off; what is no table was told above.
  if (load === undefined || enabled === false || !isTable(config)) return []
  const { default: plugin } = yield* Effect.promise(load)
  withConfig(document, name)
  return yield* diagnosed(
    decode(plugin.config as Schema.Codec<unknown, unknown>, document, { at: ["plugin", name, "config"] }),
  )
})
