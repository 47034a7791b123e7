/**
 * Puts committed transactions on the disk without keeping the process busy meanwhile. SQLite's own `synchronous=FULL` syncs
 * the log inside each commit, so that a hundred commits wait for a hundred syncs, one after the other, with the whole hub.
 * Here the commit is written first, and one sync of the log serves everyone whose commit came before it began.
 * See docs/decisions/0011.
 */
import * as fs from "node:fs"
import * as path from "node:path"

export interface LogSync {
  /** Settles once everything that was committed before the call would survive a power loss. */
  readonly synced: () => Promise<void>
  readonly close: () => void
}

/** Elsewhere a sync of ours may mean less than SQLite's: macOS wants `F_FULLFSYNC`. */
export const supported: boolean = process.platform === "linux"

/** `log` is SQLite's `-wal` file; its connection stays open longer than this, so that the file stays the same one. */
export const open = (log: string): LogSync => {
  const fd = fs.openSync(log, "a", 0o600)
  syncFolder(path.dirname(log))
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let isClosed = false
  const start = () => {
    next = undefined
    // The number may be another file's by now.
    running = isClosed ? Promise.reject(new Error("the log is closed")) : sync(fd)
    return running
  }
  return {
    // A failed sync is told to those who waited for it; the next one is a new try.
    synced: () => (next ??= running.catch(() => undefined).then(start)),
    close: () => {
      isClosed = true
      fs.closeSync(fd)
    },
  }
}

const sync = (fd: number): Promise<void> =>
  new Promise((resolve, reject) =>
    fs.fdatasync(fd, (error) => (error === null || error === undefined ? resolve() : reject(error))),
  )

/** A new file is there after a power loss once its folder is on the disk as well. */
const syncFolder = (folder: string): void => {
  const fd = fs.openSync(folder, "r")
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
