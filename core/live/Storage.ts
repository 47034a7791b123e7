/** What plugins keep in the hub's database, and the changes of their own tables. */
import { Clock, Effect, Option, Schema } from "effect"
import type { Migration } from "../plugin/Plugin.ts"
import { Sql, StorageFailed, type Transaction } from "../services/Sql.ts"
import type { Storage } from "../services/Storage.ts"

const max_bytes = 1024 * 1024

/** The storage of one instance: its values are its own; tables belong to all instances of the plugin. */
export const forPlugin = (instance: string): Effect.Effect<Storage["Service"], never, Sql> =>
  Effect.map(Sql, (sql) => ({
    get: Effect.fn("Storage.get")(function* (key, schema) {
      const rows = yield* sql.all<{ value: string }>(
        "select value from plugin_values where plugin = ? and key = ?",
        [instance, key],
      )
      return Option.flatMap(Option.fromNullishOr(rows[0]), ({ value }) =>
        Schema.decodeOption(json(schema))(value),
      )
    }),

    set: Effect.fn("Storage.set")(function* (key, schema, value) {
      // A value that does not fit its own schema is a bug of the plugin.
      const text = yield* Effect.orDie(Schema.encodeEffect(json(schema))(value))
      if (Buffer.byteLength(text) > max_bytes) return yield* tooLarge(instance, key)
      yield* sql.run(
        "insert into plugin_values (plugin, key, value) values (?, ?, ?) on conflict do update set value = excluded.value",
        [instance, key, text],
      )
    }),

    remove: (key) =>
      Effect.asVoid(sql.run("delete from plugin_values where plugin = ? and key = ?", [instance, key])),

    keys: (prefix = "") =>
      Effect.map(
        sql.all<{ key: string }>(
          "select key from plugin_values where plugin = ? and substr(key, 1, length(?)) = ? order by key",
          [instance, prefix, prefix],
        ),
        (rows) => rows.map(({ key }) => key),
      ),

    query: (text, params) => sql.all(text, params),
    transact: (body) => sql.transact("normal", body),
  }))

export class MigrationRefused extends Schema.TaggedError<MigrationRefused>()("MigrationRefused", {
  plugin: Schema.String,
  migration: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    return `plugin ${this.plugin}, migration "${this.migration}": ${this.detail}`
  }
}

/** Runs what has not run yet, in order, all in one transaction: either every change is made or none. */
export const migrate = Effect.fn("Storage.migrate")(function* (
  plugin: string,
  migrations: ReadonlyArray<Migration>,
): Effect.fn.Return<void, MigrationRefused | StorageFailed, Sql> {
  // Most plugins have none, and must start while the file cannot be written.
  if (migrations.length === 0) return
  const sql = yield* Sql
  for (const migration of migrations) yield* inspect(plugin, migration)
  const now = yield* Clock.currentTimeMillis
  const refused = yield* Effect.catchDefect(
    Effect.as(
      sql.transact("full", (transaction) => apply(transaction, plugin, migrations, now)),
      undefined,
    ),
    (cause) => (cause instanceof MigrationRefused ? Effect.succeed(cause) : Effect.die(cause)),
  )
  if (refused !== undefined) return yield* refused
})

const apply = (
  transaction: Transaction,
  plugin: string,
  migrations: ReadonlyArray<Migration>,
  now: number,
): void => {
  for (const { id, sql } of migrations) {
    const fresh = transaction.run(
      "insert or ignore into plugin_migrations (plugin, id, at) values (?, ?, ?)",
      [plugin, id, now],
    )
    if (fresh === 0) continue
    try {
      for (const statement of statements(sql)) transaction.run(statement)
    } catch (cause) {
      throw mistake(plugin, id, cause)
    }
  }
}

/** A full disk is no mistake of the plugin: only SQLite's plain error is. */
const mistake = (plugin: string, migration: string, cause: unknown): unknown => {
  const { code, message } = cause as { code?: unknown; message?: unknown }
  const own = code === "SQLITE_ERROR" || String(code).startsWith("SQLITE_CONSTRAINT")
  return own ? new MigrationRefused({ plugin, migration, detail: String(message) }) : cause
}

const inspect = (plugin: string, migration: Migration): Effect.Effect<void, MigrationRefused> => {
  const prefix = `${plugin.replaceAll("-", "_")}_`
  for (const statement of statements(migration.sql)) {
    const names = touched(statement)
    const foreign = names.find((found) => !found.startsWith(prefix))
    const detail =
      names.length === 0
        ? "only create, alter and drop of tables, indexes, views and triggers, and changes of rows, may stand here"
        : `"${foreign}" is not a name of this plugin: its tables, indexes, views and triggers start with ${prefix}`
    if (names.length === 0 || foreign !== undefined)
      return Effect.fail(new MigrationRefused({ plugin, migration: migration.id, detail }))
  }
  return Effect.void
}

const name = String.raw`["'\`[]?([\w$]+)`
const defining = new RegExp(
  String.raw`^(?:create\s+(?:unique\s+|virtual\s+)?|alter\s+|drop\s+)(?:table|index|view|trigger)\s+(?:if\s+(?:not\s+)?exists\s+)?${name}`,
  "i",
)
const writing = new RegExp(
  String.raw`^(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update(?:\s+or\s+\w+)?|delete\s+from)\s+${name}`,
  "i",
)

const attached = new RegExp(
  String.raw`^create\s+(?:unique\s+)?(?:index|trigger)\b[\s\S]*?\son\s+${name}`,
  "i",
)
const renamed = new RegExp(String.raw`^alter\s[\s\S]*\srename\s+to\s+${name}`, "i")

/** The names that the statement makes or changes; none for any other kind of statement. */
const touched = (statement: string): ReadonlyArray<string> =>
  [defining, writing, attached, renamed].flatMap((kind) => kind.exec(statement)?.[1] ?? [])

/** Cuts at the semicolons that stand outside of quotes, comments and a trigger's body. */
const statements = (sql: string): ReadonlyArray<string> => {
  const found = [""]
  for (const [token] of sql.matchAll(tokens)) {
    if (token.startsWith("--") || token.startsWith("/*")) continue
    const current = found.at(-1) ?? ""
    if (token === ";" && complete(current)) found.push("")
    else found[found.length - 1] = current + token
  }
  return found.map((statement) => statement.trim()).filter((statement) => statement !== "")
}

const complete = (statement: string): boolean =>
  !/^\s*create\s+trigger/i.test(statement) || /\bend\s*$/i.test(statement)

const tokens = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|;|[^;'"/-]+|[\s\S]/g

const json = <S extends Schema.Codec<unknown, unknown>>(schema: S) =>
  Schema.fromJsonString(Schema.toCodecJson(schema))

const tooLarge = (instance: string, key: string): StorageFailed =>
  new StorageFailed({
    reason: "too_large",
    path: key,
    detail: `plugin ${instance} keeps more than ${max_bytes} bytes under one key`,
    advice: "Keep large content in a file of the plugin's data folder.",
  })
