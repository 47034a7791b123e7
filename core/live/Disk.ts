/** Reading and writing single files with a limit, for `Workspace` and `Files`. */
import { randomUUID } from "node:crypto"
import { constants, promises as fs } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { FileFailed } from "../services/Workspace.ts"

export const default_max_bytes = 2 * 1024 * 1024

export interface Read {
  readonly text: string
  readonly stamp: string
}

/** Never waits: a named pipe or a device is no file. */
export const read = async (file: string, max_bytes: number): Promise<Read> => {
  const handle = await fs.open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = await handle.stat({ bigint: true })
    if (!stat.isFile()) throw refused(file, "not_a_file", "is not a file")
    const bytes = await upTo(handle, max_bytes + 1)
    if (bytes.length > max_bytes) throw refused(file, "too_large", `is longer than ${max_bytes} bytes`)
    return { text: bytes.toString("utf8"), stamp: stampOf(stat) }
  } finally {
    await handle.close()
  }
}

/** Changes whenever the file does; an exchange of files of one size within one tick shows in the inode. */
export const stamp = async (file: string): Promise<string> => stampOf(await fs.stat(file, { bigint: true }))

export interface Modes {
  /** For a new file; one that is there keeps its own, unless `always`. */
  readonly file: number
  readonly folder: number
  readonly always?: boolean
}

export const write = async (file: string, text: string, modes: Modes): Promise<void> => {
  const target = await real(file)
  const found = await fs.stat(target).catch(() => undefined)
  if (found?.isDirectory()) throw refused(file, "not_a_file", "is a folder")
  await fs.mkdir(path.dirname(target), { recursive: true, mode: modes.folder })
  const mode = found === undefined || modes.always === true ? modes.file : found.mode & 0o7777
  await replace(target, text, mode)
}

/** A missing file is as good as removed. */
export const remove = async (file: string): Promise<void> => {
  const found = await fs.lstat(file).catch(absent)
  if (found?.isDirectory() === true) throw refused(file, "not_a_file", "is a folder")
  if (found !== undefined) await fs.unlink(file)
}

export const refused = (file: string, reason: FileFailed["reason"], detail: string): FileFailed =>
  new FileFailed({ path: file, reason, detail })

export const attempt = <A>(file: string, body: () => Promise<A>): Effect.Effect<A, FileFailed> =>
  Effect.tryPromise({
    try: body,
    catch: (cause) => (cause instanceof FileFailed ? cause : refused(file, ...meaning(cause))),
  })

/** Where the path leads once all links are followed, as far as it exists. */
export const real = async (file: string): Promise<string> => {
  const found = await fs.realpath(file).catch(absent)
  if (found !== undefined) return found
  const parent = path.dirname(file)
  const link = await fs.readlink(file).catch(() => undefined)
  if (link !== undefined) {
    // Bun 1.4.5 finds no real path while a new file is renamed into the place of the one that it leads to.
    const isThere = await fs.stat(file).catch(absent)
    if (isThere === undefined) throw refused(file, "missing", "is a link that leads nowhere")
    return real(path.resolve(await real(parent), link))
  }
  return parent === file ? file : path.join(await real(parent), path.basename(file))
}

const absent = (cause: unknown): undefined => {
  if ((cause as { code?: unknown }).code !== "ENOENT") throw cause
}

const upTo = async (handle: fs.FileHandle, max: number): Promise<Buffer> => {
  const pieces: Array<Buffer> = []
  let size = 0
  while (size < max) {
    const piece = Buffer.allocUnsafe(Math.min(max - size, 256 * 1024))
    const { bytesRead } = await handle.read(piece, 0, piece.length)
    if (bytesRead === 0) break
    size += bytesRead
    pieces.push(piece.subarray(0, bytesRead))
  }
  return Buffer.concat(pieces)
}

const stampOf = (stat: { mtimeNs: bigint; ctimeNs: bigint; size: bigint; ino: bigint }): string =>
  `${stat.mtimeNs}-${stat.ctimeNs}-${stat.size}-${stat.ino}`

const replace = async (target: string, text: string, mode: number): Promise<void> => {
  const beside = path.join(path.dirname(target), `.${randomUUID()}.tmp`)
  try {
    await fs.writeFile(beside, text, { mode, flush: true })
    await fs.rename(beside, target)
  } catch (cause) {
    await fs.rm(beside, { force: true })
    throw cause
  }
}

const meaning = (cause: unknown): [FileFailed["reason"], string] => {
  const { code, message } = cause as { code?: unknown; message?: unknown }
  switch (code) {
    case "ENOENT":
      return ["missing", "is not there"]
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return ["denied", `may not be used (${code})`]
    case "ENOSPC":
    case "EDQUOT":
      return ["full", "there is no space left on this disk"]
    case "EISDIR":
    case "ENOTDIR":
    case "ENXIO":
      return ["not_a_file", "is not a file"]
    default:
      return ["io", String(message)]
  }
}
