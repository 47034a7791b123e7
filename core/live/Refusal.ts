/** What SQLite or the file system refused, in the words of a person who has to do something about it. */
import * as fs from "node:fs"
import * as path from "node:path"
import { StorageFailed } from "../services/Sql.ts"

type Reason = StorageFailed["reason"]

/** The check after an unclean stop found this. */
export class Damaged extends Error {
  override readonly name = "Damaged"
}

export class Newer extends Error {
  override readonly name = "Newer"
  constructor(found: number, known: number) {
    super(`the database has version ${found}, this hub knows versions up to ${known}`)
  }
}

/** `undefined` for a mistake in a statement, or anything else that no person can put right: a bug. */
export const at =
  (file: string, backups: string) =>
  (cause: unknown): StorageFailed | undefined => {
    const reason = reasonOf(cause, file)
    if (reason === undefined) return undefined
    const detail = cause instanceof Error ? cause.message : String(cause)
    return new StorageFailed({ reason, path: file, detail, advice: advice(reason, file, backups) })
  }

/** Longest prefix first: SQLite's extended codes refine the primary ones. */
const codes: ReadonlyArray<readonly [prefix: string, reason: Reason]> = [
  ["SQLITE_READONLY_DBMOVED", "missing"],
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
  ["SQLITE_FULL", "full"],
  ["SQLITE_READONLY", "readonly"],
  ["SQLITE_PERM", "readonly"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_TOOBIG", "too_large"],
  ["SQLITE_CANTOPEN", "io"],
  ["SQLITE_IOERR", "io"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "readonly"],
  ["EACCES", "readonly"],
  ["EPERM", "readonly"],
  ["ENOENT", "missing"],
  ["ENOTDIR", "missing"],
  ["EISDIR", "io"],
  ["EIO", "io"],
  ["EMFILE", "io"],
  ["ENFILE", "io"],
]

const reasonOf = (cause: unknown, file: string): Reason | undefined => {
  if (cause instanceof Damaged) return "corrupt"
  if (cause instanceof Newer) return "newer"
  const code = String((cause as { code?: unknown } | null | undefined)?.code)
  const reason = codes.find(([prefix]) => code.startsWith(prefix))?.[1]
  return reason === "io" ? refined(file) : reason
}

/** SQLite says no more than "I/O error" or "unable to open" about a file that went away or a disk that filled up. */
const refined = (file: string): Reason => {
  if (!fs.existsSync(file)) return "missing"
  try {
    fs.accessSync(file, fs.constants.W_OK)
    return fs.statfsSync(path.dirname(file)).bavail === 0 ? "full" : "io"
  } catch {
    return "readonly"
  }
}

const advice = (reason: Reason, file: string, backups: string): string => {
  switch (reason) {
    case "busy":
      return "Another program is writing to this file; close it and try again."
    case "held":
      return "Stop the other hub, or set HUB_HOME to another folder."
    case "full":
      return "Free some space on this disk and try again; nothing that was acknowledged is lost."
    case "readonly":
      return "Give your user the right to write to this file and its folder, or mount the disk writable."
    case "missing":
      return "Mount the disk it is on, or set HUB_HOME to another folder."
    case "corrupt":
      return `The file is left as it is. ${restore(backups)}`
    case "newer":
      return `Start the newer hub that wrote it. ${restore(backups)}`
    case "too_large":
      return "Keep less of it in one value."
    case "io":
      return `Check the disk of ${path.dirname(file)}.`
  }
}

const restore = (backups: string): string => {
  const newest = newestIn(backups)
  return newest === undefined
    ? `There is no backup in ${backups}: move the file away to start empty.`
    : `To go back to the newest backup: hub restore ${path.join(backups, newest)}`
}

/** Backups are named by date. */
const newestIn = (backups: string): string | undefined => {
  try {
    return fs
      .readdirSync(backups)
      .filter((name) => name.endsWith(".db"))
      .sort()
      .at(-1)
  } catch {
    return undefined
  }
}
