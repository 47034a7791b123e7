/** The manager's file on the disk: ours, somebody else's, or none. */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { OperationFailed } from "../../../plugin/Operation.ts"
import { type Manager, mark } from "./Manager.ts"

/** `older`: ours, with another text than the one that is wanted. */
export type State = "none" | "same" | "older" | "foreign"

export interface Found {
  readonly state: State
  /** Where a foreign file was put when ours took its place. */
  readonly kept: string | undefined
}

/** Longer than any file of ours. */
const max_bytes = 256 * 1024

export const keptAt = (file: string): string => `${file}.before-hub`

export const look = (manager: Manager): Effect.Effect<Found, OperationFailed> =>
  attempt(manager.file, () => {
    const kept = keptAt(manager.file)
    return { state: stateOf(manager), kept: exists(kept) ? kept : undefined }
  })

/** Writes the file in one step. What stood there and is not ours is put beside it first. */
export const write = (manager: Manager, { kept, state }: Found): Effect.Effect<void, OperationFailed> => {
  const { file } = manager
  if (state === "foreign" && kept !== undefined)
    return Effect.fail(
      new OperationFailed({
        code: "conflict",
        message: `${file} is not the hub's, and ${kept} holds another one already. Move one of them away.`,
      }),
    )
  return attempt(file, () => {
    fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if (state === "foreign") fs.renameSync(file, keptAt(file))
    replace(file, contents(manager))
  })
}

/** Removes our file; what stood there before comes back. */
export const remove = ({ file }: Manager, { kept }: Found): Effect.Effect<void, OperationFailed> =>
  attempt(file, () => {
    if (kept === undefined) fs.rmSync(file, { force: true })
    else fs.renameSync(kept, file)
  })

/** A byte order mark goes before text of two bytes. */
const contents = ({ encoding, text }: Manager): Buffer =>
  Buffer.from(encoding === "utf16le" ? `\uFEFF${text.replaceAll("\n", "\r\n")}` : text, encoding)

const stateOf = (manager: Manager): State => {
  const { encoding, file } = manager
  if (!exists(file)) return "none"
  // A link is somebody's arrangement, wherever it leads.
  const stat = fs.lstatSync(file)
  if (!stat.isFile() || stat.size > max_bytes) return "foreign"
  const bytes = fs.readFileSync(file)
  if (bytes.equals(contents(manager))) return "same"
  return bytes.toString(encoding).includes(mark) ? "older" : "foreign"
}

const exists = (file: string): boolean => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined

const replace = (file: string, bytes: Buffer): void => {
  const beside = join(dirname(file), `.${randomUUID()}.tmp`)
  try {
    fs.writeFileSync(beside, bytes, { mode: 0o600, flush: true })
    fs.renameSync(beside, file)
  } catch (cause) {
    fs.rmSync(beside, { force: true })
    throw cause
  }
}

const attempt = <A>(file: string, body: () => A): Effect.Effect<A, OperationFailed> =>
  Effect.try({
    try: body,
    catch: (cause) =>
      new OperationFailed({
        code: "unavailable",
        message: `${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      }),
  })
