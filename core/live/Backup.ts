/** Copies of the database, made while the hub works. */
import { Database as Sqlite } from "bun:sqlite"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import type { StorageFailed } from "../services/Sql.ts"
import * as Refusal from "./Refusal.ts"

/**
 * Writes what is committed in `file` to `to`, which must not exist, through a connection of its own: callable from any
 * process, beside a working hub. Complete or absent: it is copied beside `to`, checked, synced and then renamed. Blocks.
 */
export const backup = (file: string, to: string): Effect.Effect<string, StorageFailed> =>
  attempt(file, to, () => copy(file, to))

/** A name for a backup, so that names sort by time. */
export const nameAt = (millis: number): string =>
  `hub-${new Date(millis).toISOString().replaceAll(/[:.]/g, "-")}.db`

/** Succeeds when every page and index of the file is sound. Reads all of it. */
export const verify = (file: string): Effect.Effect<void, StorageFailed> =>
  attempt(file, file, () => read(file, (sqlite) => examine(sqlite)))

const copy = (file: string, to: string): string => {
  fs.mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 })
  if (fs.existsSync(to)) throw Object.assign(new Error(`${to} exists already`), { code: "EISDIR" })
  const beside = path.join(path.dirname(to), `.${randomUUID()}.tmp`)
  try {
    read(file, (sqlite) => sqlite.prepare("vacuum into ?").run(beside))
    read(beside, examine)
    settle(beside, to)
    return to
  } finally {
    fs.rmSync(beside, { force: true })
  }
}

const settle = (beside: string, to: string): void => {
  fs.chmodSync(beside, 0o600)
  sync(beside)
  fs.renameSync(beside, to)
  sync(path.dirname(to))
}

const sync = (file: string): void => {
  // Windows syncs no folders.
  if (process.platform === "win32" && fs.statSync(file).isDirectory()) return
  const fd = fs.openSync(file, "r")
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

const read = <A>(file: string, body: (sqlite: Sqlite) => A): A => {
  const sqlite = new Sqlite(file, { readonly: true })
  try {
    sqlite.run("pragma busy_timeout=5000")
    return body(sqlite)
  } finally {
    sqlite.close()
  }
}

const examine = (sqlite: Sqlite): void => {
  const [found] = sqlite.query<{ integrity_check: string }, []>("pragma integrity_check(1)").all()
  if (found?.integrity_check !== "ok") throw new Refusal.Damaged(found?.integrity_check ?? "no answer")
}

const attempt = <A>(file: string, to: string, body: () => A): Effect.Effect<A, StorageFailed> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(body())
    } catch (cause) {
      const failed = Refusal.at(file, path.dirname(to))(cause)
      return failed === undefined ? Effect.die(cause) : Effect.fail(failed)
    }
  })
