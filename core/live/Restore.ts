/** Puts a backup in the place of the database. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Clock, Effect } from "effect"
import type { Home } from "../services/Home.ts"
import type { StorageFailed } from "../services/Sql.ts"
import { backup, nameAt, verify } from "./Backup.ts"

export interface Restored {
  readonly database: string
  readonly from: string
  /** Folder that what was there before has been moved to; absent when there was nothing. */
  readonly replaced?: string | undefined
}

/** The database and what SQLite keeps beside it. */
const parts = ["", "-wal", "-shm"]

/**
 * Checks the backup first; what it replaces is kept below `backups`. Call with the home held, and no hub at work in it.
 */
export const restore = Effect.fn("Backup.restore")(function* (
  home: Home["Service"],
  from: string,
): Effect.fn.Return<Restored, StorageFailed> {
  yield* verify(from)
  const fresh = `${home.database}.restored`
  yield* Effect.sync(() => fs.rmSync(fresh, { force: true }))
  yield* backup(from, fresh)
  const replaced = yield* moveAway(home)
  yield* Effect.sync(() => fs.renameSync(fresh, home.database))
  return { database: home.database, from, ...(replaced === undefined ? {} : { replaced }) }
})

const moveAway = Effect.fnUntraced(function* (home: Home["Service"]) {
  const there = parts.filter((part) => fs.existsSync(`${home.database}${part}`))
  if (there.length === 0) return undefined
  const folder = path.join(home.backups, `replaced-${nameAt(yield* Clock.currentTimeMillis).slice(0, -3)}`)
  yield* Effect.sync(() => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const part of there)
      fs.renameSync(`${home.database}${part}`, path.join(folder, `${path.basename(home.database)}${part}`))
  })
  return folder
})
