/** The hub's one database. Core only; plugins get `Storage`. */
import { Context, type Effect, Schema } from "effect"

export type SqlValue = string | number | bigint | boolean | null | Uint8Array

/** What went wrong, as far as a person's next step depends on it. */
export const StorageReason = Schema.Literals([
  "busy",
  "held",
  "full",
  "readonly",
  "missing",
  "corrupt",
  "newer",
  "too_large",
  "io",
])

export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", {
  reason: StorageReason,
  path: Schema.String,
  detail: Schema.String,
  /** What to do next, a full sentence. */
  advice: Schema.String,
}) {
  override get message() {
    return `${this.detail} (${this.path}). ${this.advice}`
  }
}

/** Statements inside one transaction. Synchronous: SQLite is, and nothing may come between. */
export interface Transaction {
  readonly all: <Row>(sql: string, params?: ReadonlyArray<SqlValue>) => ReadonlyArray<Row>
  /** Gives the number of rows changed. */
  readonly run: (sql: string, params?: ReadonlyArray<SqlValue>) => number
}

export class Sql extends Context.Service<
  Sql,
  {
    readonly all: <Row>(
      sql: string,
      params?: ReadonlyArray<SqlValue>,
    ) => Effect.Effect<ReadonlyArray<Row>, StorageFailed>
    readonly run: (sql: string, params?: ReadonlyArray<SqlValue>) => Effect.Effect<number, StorageFailed>
    /**
     * Runs `body` between BEGIN IMMEDIATE and COMMIT; a throw rolls back. `full`: on disk before it returns
     * (survives power loss); `normal`: survives the death of the process.
     */
    readonly transact: <A>(
      durability: "full" | "normal",
      body: (transaction: Transaction) => A,
    ) => Effect.Effect<A, StorageFailed>
  }
>()("hub/services/Sql") {}
