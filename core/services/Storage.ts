/** What a plugin keeps: a namespace of JSON values, and the tables of its own migrations. */
import { Context, type Effect, type Option, type Schema } from "effect"
import type { SqlValue, StorageFailed, Transaction } from "./Sql.ts"

export class Storage extends Context.Service<
  Storage,
  {
    /** A value that no longer fits its schema reads as absent. */
    readonly get: <S extends Schema.Codec<unknown, unknown>>(
      key: string,
      schema: S,
    ) => Effect.Effect<Option.Option<S["Type"]>, StorageFailed>
    /** At most 1 MB of JSON. */
    readonly set: <S extends Schema.Codec<unknown, unknown>>(
      key: string,
      schema: S,
      value: S["Type"],
    ) => Effect.Effect<void, StorageFailed>
    readonly remove: (key: string) => Effect.Effect<void, StorageFailed>
    /** Keys that start with `prefix`, in order. */
    readonly keys: (prefix?: string) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    /** Rows from the tables that this plugin's `migrations` made. */
    readonly query: <Row>(
      sql: string,
      params?: ReadonlyArray<SqlValue>,
    ) => Effect.Effect<ReadonlyArray<Row>, StorageFailed>
    readonly transact: <A>(body: (transaction: Transaction) => A) => Effect.Effect<A, StorageFailed>
  }
>()("hub/services/Storage") {}
