/** One open SQLite connection: prepared statements kept, transactions with a chosen durability. Throws SQLite's errors. */
import type { Database as Sqlite, Statement } from "bun:sqlite"
import type { SqlValue, Transaction } from "../services/Sql.ts"

/** Enough for every statement of the hub; the cap is for plugins that build SQL out of values. */
const max_statements = 256

type Prepared = Statement<unknown, Array<SqlValue>>

export class Connection implements Transaction {
  readonly #sqlite: Sqlite
  readonly #statements = new Map<string, Prepared>()

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite
  }

  all<Row>(sql: string, params: ReadonlyArray<SqlValue> = []): ReadonlyArray<Row> {
    return this.#prepared(sql).all(...params) as ReadonlyArray<Row>
  }

  run(sql: string, params: ReadonlyArray<SqlValue> = []): number {
    return this.#prepared(sql).run(...params).changes
  }

  /** Several statements without parameters. */
  script(sql: string): void {
    this.#sqlite.run(sql)
  }

  get version(): number {
    return this.all<{ user_version: number }>("pragma user_version")[0]?.user_version ?? 0
  }

  transact<A>(durability: "full" | "normal", body: (transaction: Transaction) => A): A {
    // SQLite takes a new level only between transactions.
    if (durability === "full") this.script("pragma synchronous=full")
    try {
      return this.#between(body)
    } finally {
      if (durability === "full") this.script("pragma synchronous=normal")
    }
  }

  /** Finalised statements let SQLite close for good, which folds the log back into the file. */
  close(): void {
    for (const statement of this.#statements.values()) statement.finalize()
    this.#statements.clear()
    this.#sqlite.close()
  }

  #between<A>(body: (transaction: Transaction) => A): A {
    this.run("begin immediate")
    try {
      const result = body(this)
      this.run("commit")
      return result
    } catch (cause) {
      // A full disk has already rolled back.
      if (this.#sqlite.inTransaction) this.run("rollback")
      throw cause
    }
  }

  #prepared(sql: string): Prepared {
    const kept = this.#statements.get(sql)
    if (kept !== undefined) return kept
    if (this.#statements.size >= max_statements) this.#dropOldest()
    const prepared = this.#sqlite.prepare<unknown, Array<SqlValue>>(sql)
    this.#statements.set(sql, prepared)
    return prepared
  }

  #dropOldest(): void {
    for (const [sql, statement] of this.#statements) {
      statement.finalize()
      this.#statements.delete(sql)
      return
    }
  }
}
