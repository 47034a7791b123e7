/** Homes with a long past: one real run, copied by SQL until there are enough of it. */
import { Database } from "bun:sqlite"
import * as path from "node:path"
import type { Bench, Home } from "./Bench.ts"
import { dispatch, ended, prompt } from "./Runs.ts"

/** Runs one dispatch in this home and leaves it to the caller, with nobody holding its database. */
export const oneRun = async (bench: Bench, home: Home, agent: string): Promise<string> => {
  const server = await bench.hub(home)
  const run_id = await dispatch(server, { prompt, agent, cwd: home.path })
  await ended(server, run_id)
  await server.close()
  return run_id
}

export const databaseOf = (home: Home): string => path.join(home.path, "hub", "hub.db")

/** Opens the home's database for filling: nothing is synced, for nobody would miss it. */
export const filling = (home: Home, fill: (sqlite: Database) => void): void => {
  const sqlite = new Database(databaseOf(home), { readwrite: true, create: false })
  try {
    sqlite.run("pragma synchronous=off")
    sqlite.transaction(() => fill(sqlite))()
    sqlite.run("pragma wal_checkpoint(truncate)")
  } finally {
    sqlite.close()
  }
}

/** Name of the `i`-th copy, in SQL. */
const name = (prefix: string) => `'${prefix}-' || printf('%08d', i)`
export const nameOf = (prefix: string, i: number): string => `${prefix}-${String(i).padStart(8, "0")}`

const numbers = "with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ?)"

/** Copies the run's rows of one table `count` times; `other` are columns that are not the same in each copy. */
export const copy = (
  sqlite: Database,
  table: string,
  run_id: string,
  count: number,
  other: Readonly<Record<string, string>>,
): void => {
  const found = sqlite.query<{ name: string }, []>(`select name from pragma_table_info('${table}')`).all()
  const columns = found.map((column) => column.name).filter((column) => column !== "n")
  const values = columns.map((column) => other[column] ?? `${table}.${column}`)
  sqlite
    .prepare(
      `insert into ${table} (${columns.join(", ")}) ${numbers}
       select ${values.join(", ")} from numbers cross join ${table} where ${table}.run_id = ?`,
    )
    .run(count, run_id)
}

/** The run with its attempts, events and journal, `count` times, spread over `projects`. */
export const copyRun = (sqlite: Database, run_id: string, count: number, projects: number): void => {
  const own = { run_id: name("250101") }
  copy(sqlite, "runs", run_id, count, { ...own, project: `'p' || (i % ${projects})` })
  for (const table of ["attempts", "events", "journal"]) copy(sqlite, table, run_id, count, own)
}

/** Runs of `length` events each: copies of one event of the run. */
export const longRuns = (
  sqlite: Database,
  run_id: string,
  { count, length, prefix, type }: { prefix: string; count: number; length: number; type: string },
): void => {
  copy(sqlite, "runs", run_id, count, { run_id: name(prefix) })
  sqlite
    .prepare(
      `insert into events (run_id, seq, at, type, step, attempt, data) ${numbers},
       seqs(seq) as (select 1 union all select seq + 1 from seqs where seq < ?)
       select ${name(prefix)}, seqs.seq, e.at, e.type, e.step, e.attempt, e.data
       from numbers cross join seqs cross join (select * from events where run_id = ? and type = ? limit 1) e`,
    )
    .run(count, length, run_id, type)
}

export const count = (home: Home, table: string): number => {
  const sqlite = new Database(databaseOf(home), { readonly: true })
  try {
    return sqlite.query<{ n: number }, []>(`select count(*) as n from ${table}`).get()?.n ?? 0
  } finally {
    sqlite.close()
  }
}
