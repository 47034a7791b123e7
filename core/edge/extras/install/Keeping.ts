/** What the hub remembers of the files of others that it has changed: their bytes from before, for its user alone. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"
import { Option, Schema } from "effect"
import { replace } from "./Swap.ts"

/** Of the last change. */
const Record = Schema.Struct({
  file: Schema.String,
  /** Hash of the bytes that the hub left there. */
  after: Schema.String,
  /** Hash of those that it gives back; null for no file. */
  origin: Schema.NullOr(Schema.String),
  /** Folders that were made for the file, outermost first. */
  folders: Schema.Array(Schema.String),
})
export type Record = typeof Record.Type

/** Bytes of one file that are kept at most. */
const most = 10

export const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

/** One folder for each file of others, in `backups` of the home. */
export const folderOf = (home: string, name: string, real: string): string =>
  join(home, "backups", "clients", `${name}-${hashOf(Buffer.from(real)).slice(0, 12)}`)

export const recordOf = (folder: string): Record | undefined => {
  const file = join(folder, "record.json")
  if (!fs.existsSync(file)) return undefined
  const record = Schema.decodeUnknownOption(Schema.fromJsonString(Record))(fs.readFileSync(file, "utf8"))
  return Option.getOrUndefined(record)
}

/** Bytes that were kept; undefined when they are not there, or not what they were. */
export const keptBytes = (folder: string, hash: string): Buffer | undefined => {
  const file = join(folder, hash)
  const bytes = fs.existsSync(file) ? fs.readFileSync(file) : undefined
  return bytes !== undefined && hashOf(bytes) === hash ? bytes : undefined
}

export const keep = (folder: string, bytes: Buffer): string => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const hash = hashOf(bytes)
  replace(join(folder, hash), bytes, { mode: 0o600 })
  return hash
}

export const remember = (folder: string, record: Record): void => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  replace(join(folder, "record.json"), Buffer.from(JSON.stringify(record, null, 2)), { mode: 0o600 })
  const old = fs
    .readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}$/.test(name) && name !== record.origin)
    .map((name) => ({ name, at: fs.statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at)
  for (const { name } of old.slice(most)) fs.rmSync(join(folder, name))
}

/** `bytes`: those that were kept as well. */
export const forget = (folder: string, { bytes }: { readonly bytes: boolean }): void =>
  fs.rmSync(bytes ? folder : join(folder, "record.json"), { recursive: true, force: true })
