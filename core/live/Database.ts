/** The hub's one SQLite file: opened, brought to this hub's version, and handed out as `Sql`. */
import { Database as Sqlite } from "bun:sqlite"
import * as fs from "node:fs"
import { Effect, Layer, Schedule, type Scope } from "effect"
import { Home } from "../services/Home.ts"
import { Sql, type StorageFailed } from "../services/Sql.ts"
import { Connection } from "./Connection.ts"
import { all as migrations } from "./migrations/all.ts"
import * as LogSync from "./LogSync.ts"
import * as Refusal from "./Refusal.ts"

/** `$HUB_HOME/hub.db` as `Sql`. Whoever provides it holds the home first (`Home.hold`). */
export const layer: Layer.Layer<Sql, StorageFailed, Home> = Layer.effect(
  Sql,
  Effect.flatMap(Home, (home) => open(home.database, home.backups)),
)

/** `backups` is only named in advice. */
export const open = Effect.fn("Database.open")(function* (
  file: string,
  backups: string,
  changes: ReadonlyArray<string> = migrations,
): Effect.fn.Return<Sql["Service"], StorageFailed, Scope.Scope> {
  const refuse = Refusal.at(file, backups)
  const attempt = <A>(body: () => A): Effect.Effect<A, StorageFailed> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(body())
      } catch (cause) {
        const failed = refuse(cause)
        return failed === undefined ? Effect.die(cause) : Effect.fail(failed)
      }
    })
  const connection = yield* Effect.acquireRelease(
    attempt(() => connect(file, changes)),
    (opened) => Effect.sync(() => opened.close()),
  )
  const log = yield* Effect.acquireRelease(
    attempt(() => (LogSync.supported ? LogSync.open(`${file}-wal`) : undefined)),
    (opened) => Effect.sync(() => opened?.close()),
  )
  const patient = <A>(body: () => A): Effect.Effect<A, StorageFailed> =>
    Effect.catchIf(attempt(body), isBusy, () =>
      Effect.retry(attempt(body), { schedule: patience, while: isBusy }),
    )
  const synced = (sync: LogSync.LogSync): Effect.Effect<void, StorageFailed> =>
    Effect.catchDefect(
      Effect.promise(() => sync.synced()),
      (cause) => attempt(() => rethrow(cause)),
    )
  return Sql.of({
    all: (sql, params) => patient(() => connection.all(sql, params)),
    run: (sql, params) => patient(() => connection.run(sql, params)),
    transact: (durability, body) =>
      durability === "full" && log !== undefined
        ? Effect.tap(
            patient(() => connection.transact("normal", body)),
            synced(log),
          )
        : patient(() => connection.transact(durability, body)),
  })
})

/**
 * Another program that writes is waited for, as long as SQLite's own `busy_timeout` did before. That one sleeps with the whole
 * process, so it is off once the database is open: whoever asks the hub for something else meanwhile has an answer.
 */
const patience = Schedule.upTo(
  Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("25 millis")]),
  {
    duration: "5 seconds",
  },
)

const isBusy = ({ reason }: StorageFailed): boolean => reason === "busy"

const rethrow = (cause: unknown): never => {
  throw cause
}

const connect = (file: string, changes: ReadonlyArray<string>): Connection => {
  const unclean = (fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  fs.closeSync(fs.openSync(file, "a", 0o600))
  const sqlite = new Sqlite(file, { readwrite: true, create: false })
  const connection = new Connection(sqlite)
  try {
    configure(sqlite)
    if (unclean) check(sqlite, file)
    migrate(connection, changes)
    sqlite.run("pragma busy_timeout=0")
    return connection
  } catch (cause) {
    connection.close()
    throw cause
  }
}

const configure = (sqlite: Sqlite): void => {
  sqlite.run("pragma busy_timeout=5000")
  sqlite.run("pragma journal_mode=wal")
  sqlite.run("pragma synchronous=normal")
  // Without this, macOS answers a sync while the bytes are still in the drive's cache.
  sqlite.run("pragma fullfsync=on")
  sqlite.run("pragma foreign_keys=on")
  // One huge transaction must not leave a huge log behind.
  sqlite.run("pragma journal_size_limit=67108864")
}

/** Reading a whole large file costs seconds, and SQLite recovers from a kill by itself: only a small file is checked. */
const check_below_bytes = 64 * 1024 * 1024

const check = (sqlite: Sqlite, file: string): void => {
  if (fs.statSync(file).size > check_below_bytes) return
  const [found] = sqlite.prepare<{ quick_check: string }, []>("pragma quick_check(1)").all()
  if (found?.quick_check !== "ok") throw new Refusal.Damaged(found?.quick_check ?? "no answer to the check")
}

const migrate = (connection: Connection, changes: ReadonlyArray<string>): void => {
  const version = connection.version
  if (version > changes.length) throw new Refusal.Newer(version, changes.length)
  if (version === changes.length) return
  connection.transact("full", () => {
    for (const change of changes.slice(version)) connection.script(change)
    connection.script(`pragma user_version=${changes.length}`)
  })
}
