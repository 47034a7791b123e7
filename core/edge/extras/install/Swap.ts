/** A file that other programs write as well: read, and replaced in one step if nobody has changed it meanwhile. */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { Effect, Schedule, type Scope } from "effect"
import * as RealPath from "../../../host/RealPath.ts"
import { OperationFailed } from "../../../plugin/Operation.ts"

export interface Place {
  /** As the client names it; may be a link. */
  readonly file: string
  /** What is written must lie in this folder, wherever links lead. */
  readonly within?: string | undefined
  /** Of a file that is made. */
  readonly mode: number
}

export interface Found {
  /** Where the file is, behind all links. */
  readonly real: string
  readonly bytes: Buffer | undefined
}

/** `bytes`: what is to stand there; undefined for no file. `keep` is done before anything is written, `after` once it is. */
export interface Wanted {
  readonly bytes: Buffer | undefined
  readonly keep?: () => void
  readonly after?: () => void
}

/** Longer than any settings. The state that Claude Code keeps in its file has been seen with several megabytes. */
const max_bytes = 32 * 1024 * 1024

export const look = (place: Place): Effect.Effect<Found, OperationFailed> =>
  attempt(place.file, () => {
    const real = RealPath.of(place.file)
    if (place.within !== undefined) inside(real, place.within)
    return { real, bytes: contents(real) }
  })

/** Undefined while there is nothing to change. */
type Edit = (found: Found) => Effect.Effect<Wanted | undefined, OperationFailed>

/**
 * Asks `edit` what is to be changed, under a lock, and again when somebody was faster. False when there was nothing to change.
 */
export const change = Effect.fn("Swap.change")(function* (place: Place, edit: Edit) {
  // What needs no change needs no right to write either.
  if ((yield* Effect.flatMap(look(place), edit)) === undefined) return false
  return yield* Effect.scoped(
    Effect.andThen(
      held(place.file),
      Effect.retry(once(place, edit), {
        times: 50,
        while: (error) => error.details === changedMeanwhile,
      }),
    ),
  )
})

const changedMeanwhile = "changed meanwhile"

const once = Effect.fnUntraced(function* (place: Place, edit: Edit) {
  const found = yield* look(place)
  const wanted = yield* edit(found)
  if (wanted === undefined) return false
  yield* attempt(place.file, () => {
    wanted.keep?.()
    swap(place, found, wanted.bytes)
    wanted.after?.()
  })
  return true
})

const swap = (place: Place, { bytes, real }: Found, wanted: Buffer | undefined): void => {
  const stat = fs.statSync(real, { throwIfNoEntry: false })
  if (stat !== undefined && (stat.mode & 0o222) === 0) throw coded("READONLY")
  if (wanted === undefined) {
    unchanged(place, real, bytes)
    return fs.rmSync(real)
  }
  replace(real, wanted, stat ?? { mode: place.mode }, () => unchanged(place, real, bytes))
}

const unchanged = (place: Place, real: string, bytes: Buffer | undefined): void => {
  const now = contents(real)
  if (
    RealPath.of(place.file) === real &&
    (now === bytes || (bytes !== undefined && now?.equals(bytes) === true))
  )
    return
  throw new OperationFailed({
    code: "conflict",
    message: `${place.file} is being changed by another program all the time. Try it again.`,
    details: changedMeanwhile,
  })
}

/** Writes beside the file and renames, with its mode and its owner. */
export const replace = (
  file: string,
  bytes: Buffer,
  { gid, mode, uid }: { readonly mode: number; readonly uid?: number; readonly gid?: number },
  last: () => void = () => undefined,
): void => {
  const beside = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    fs.writeFileSync(beside, bytes, { mode: 0o600, flush: true, flag: "wx" })
    if (uid !== undefined && gid !== undefined && uid !== process.getuid?.()) fs.chownSync(beside, uid, gid)
    fs.chmodSync(beside, mode & 0o7777)
    last()
    fs.renameSync(beside, file)
  } catch (cause) {
    fs.rmSync(beside, { force: true })
    throw cause
  }
}

/** The way that `proper-lockfile` locks, which Claude Code uses for its file: a folder beside it, given up for lost after ten seconds. */
const held = (file: string): Effect.Effect<void, OperationFailed, Scope.Scope> => {
  const lock = `${file}.lock`
  return Effect.acquireRelease(
    attempt(file, () => taken(lock)).pipe(
      Effect.retry({
        times: 600,
        schedule: Schedule.spaced("25 millis"),
        while: ({ details }) => details === "EEXIST",
      }),
    ),
    () => Effect.sync(() => fs.rmSync(lock, { recursive: true, force: true })),
  )
}

const stale_ms = 10_000

const taken = (lock: string): void => {
  fs.mkdirSync(dirname(lock), { recursive: true })
  const stat = fs.lstatSync(lock, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true && Date.now() - stat.mtimeMs > stale_ms) removeStale(lock)
  fs.mkdirSync(lock)
}

/** Unless another one who found it so was faster. */
const removeStale = (lock: string): void => {
  try {
    fs.rmdirSync(lock)
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ENOENT") throw cause
  }
}

const inside = (real: string, folder: string): void => {
  const way = relative(fs.realpathSync(folder), real)
  if (way.startsWith("..") || resolve(way) === way) throw coded("OUTSIDE")
}

const contents = (real: string): Buffer | undefined => {
  const stat = fs.statSync(real, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  if (!stat.isFile()) throw coded("NOFILE")
  if (stat.size > max_bytes) throw coded("EFBIG")
  return fs.readFileSync(real)
}

const coded = (code: string): Error => Object.assign(new Error(code), { code })

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not read or write there",
  EPERM: "you may not write there",
  EROFS: "the disk is read-only",
  READONLY: "the file is read-only; give yourself the right to write it first (chmod u+w)",
  ENOSPC: "the disk is full",
  EDQUOT: "your quota on that disk is used up",
  ENOTDIR: "something that is no folder stands in its way",
  ENOENT: "the folder above it is not there",
  ELOOP: "its links lead in a circle",
  NOFILE: "it is no ordinary file",
  EFBIG: "it is larger than 32 MB",
  OUTSIDE: "it is a link that leads out of the project",
  EEXIST: "another program holds its lock",
}

/** Does something with files; says in words what stood in the way. */
export const attempt = <A>(file: string, body: () => A): Effect.Effect<A, OperationFailed> =>
  Effect.try({
    try: body,
    catch: (cause) => {
      if (cause instanceof OperationFailed) return cause
      const code = String(Reflect.get(Object(cause), "code"))
      const why = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause))
      return new OperationFailed({
        code: "conflict",
        message: `${file} cannot be used: ${why}. Nothing is changed.`,
        details: code,
      })
    },
  })
