/** The files of the log: `hub.log`, then `hub.log.1` and so on, as they are turned over while somebody reads them. */
import * as fs from "node:fs"
import * as path from "node:path"

/** More are looked for than a hub keeps. */
const most = 20

/** A file of the log, open: it stays the same one, whatever it is called by now. */
interface Opened {
  readonly fd: number
  readonly inode: number
  /** Read up to here, which is the end of a line. */
  at: number
}

export interface Reader {
  /** Every line that is there, the newest first. A file at a time is in memory. */
  readonly backwards: () => Generator<string>
  /** The lines that came since the last time, oldest first. */
  readonly more: () => ReadonlyArray<string>
  readonly close: () => void
}

/** Nothing is lost or told twice when files are turned over meanwhile. */
export const open = (folder: string): Reader => {
  let kept = openAll(folder, () => false)

  /** Files that came after the newest one known. */
  const fresh = (): ReadonlyArray<Opened> => openAll(folder, (inode) => inode === kept[0]?.inode)

  return {
    backwards: function* () {
      for (const file of kept) yield* rest(file).toReversed()
    },
    more: () => {
      // First: once there is a newer file, the one before it is complete.
      const [newest, ...others] = fresh()
      const lines = kept.slice(0, 1).flatMap(rest)
      if (newest === undefined) return lines
      const newer = [newest, ...others].toReversed().flatMap(rest)
      close([...kept, ...others])
      kept = [newest]
      return [...lines, ...newer]
    },
    close: () => close(kept),
  }
}

const close = (files: ReadonlyArray<Opened>): void => files.forEach(({ fd }) => fs.closeSync(fd))

/** Newest first, up to the one that is known. A file that moves on while this looks is met again, and passed over, as its old place is. */
const openAll = (folder: string, isKnown: (inode: number) => boolean): ReadonlyArray<Opened> => {
  const found: Array<Opened> = []
  for (let age = 0; age < most; age++) {
    const file = opened(path.join(folder, age === 0 ? "hub.log" : `hub.log.${age}`))
    if (file === undefined) continue
    const isOld = isKnown(file.inode)
    if (isOld || found.some(({ inode }) => inode === file.inode)) close([file])
    else found.push(file)
    if (isOld) break
  }
  return found
}

const opened = (file: string): Opened | undefined => {
  try {
    const fd = fs.openSync(file, "r")
    return { fd, inode: fs.fstatSync(fd).ino, at: 0 }
  } catch {
    return undefined
  }
}

/** Whole lines only: the one being written is read when it has its end. */
const rest = (file: Opened): Array<string> => {
  const { size } = fs.fstatSync(file.fd)
  // Somebody has emptied it.
  if (size < file.at) file.at = 0
  const bytes = Buffer.alloc(size - file.at)
  const read = bytes.length === 0 ? 0 : fs.readSync(file.fd, bytes, 0, bytes.length, file.at)
  const end = bytes.lastIndexOf("\n", read - 1)
  if (read === 0 || end < 0) return []
  file.at += end + 1
  return bytes.toString("utf8", 0, end).split("\n")
}
