/** Opens HUB_HOME, and holds it so that no second hub works in it. */
import { Database } from "bun:sqlite"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Clock, Effect, Layer, Option, Schema, type Scope } from "effect"
import { Holder, Home, HomeHeld, HomeUnusable } from "../services/Home.ts"
import * as Atomic from "./Atomic.ts"

type Reason = HomeUnusable["reason"]

/** Where the home is, whether it can be opened or not. */
export const chosen = (): string => process.env["HUB_HOME"] || path.join(os.homedir(), ".hub")

/** Opens `folder`, else `$HUB_HOME`, else `~/.hub`; makes it when it is not there, and closes it to other users. */
export const open = Effect.fn("Home.open")(function* (
  folder?: string,
): Effect.fn.Return<Home["Service"], HomeUnusable> {
  const home = folder ?? chosen()
  if (!path.isAbsolute(home)) return yield* unusable(home, "relative")
  yield* attempt(home, () => prepare(home))
  return paths(path.normalize(home))
})

/** Fails when no hub could work in this home. Makes none, and leaves its mode as it is. */
export const usable = (home: string): Effect.Effect<void, HomeUnusable> =>
  attempt(home, () => {
    if (fs.lstatSync(home, { throwIfNoEntry: false }) === undefined) return
    makeFolder(home)
    ownMode(home)
    tryWriting(home)
  })

export const layer = (folder?: string): Layer.Layer<Home, HomeUnusable> => Layer.effect(Home, open(folder))

/**
 * Holds the home until the scope closes. The lock is the operating system's: it ends with this process, however that ends,
 * and no child inherits it.
 */
export const hold = (
  home: Home["Service"],
  by: { readonly command: string; readonly version: string },
): Effect.Effect<void, HomeHeld | HomeUnusable, Scope.Scope> =>
  Effect.acquireRelease(take(home, by), (lock) => Effect.sync(() => release(home, lock)))

/**
 * Who holds the home now; `undefined` when nobody does. Asks the lock, not the file beside it: after a crash that one names a
 * process that is gone, or another one by now. `"unnamed"`: somebody who has not said yet who it is.
 */
export const holder = Effect.fn("Home.holder")(function* (
  home: Home["Service"],
): Effect.fn.Return<Holder | "unnamed" | undefined, HomeUnusable> {
  if (!(yield* attempt(home.path, () => isHeld(home.path)))) return undefined
  return (yield* holderOf(home.path)).holder ?? "unnamed"
})

const paths = (home: string): Home["Service"] => ({
  path: home,
  database: path.join(home, "hub.db"),
  runs: path.join(home, "runs"),
  logs: path.join(home, "logs"),
  secrets: path.join(home, "secrets"),
  pipelines: path.join(home, "pipelines"),
  plugins: path.join(home, "plugins"),
  data: path.join(home, "data"),
  backups: path.join(home, "backups"),
  folder: (folder) =>
    Effect.as(
      attempt(folder, () => makeFolder(folder)),
      folder,
    ),
})

const prepare = (home: string): void => {
  makeFolder(home)
  const mode = ownMode(home)
  if (process.platform !== "win32" && (mode & 0o077) !== 0) fs.chmodSync(home, 0o700)
  tryWriting(home)
}

const ownMode = (home: string): number => {
  const { mode, uid } = fs.statSync(home)
  const user = process.getuid?.()
  if (user !== undefined && uid !== user) throw unusable(home, "foreign")
  return mode
}

const makeFolder = (folder: string): void => {
  const found = fs.statSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return makeMissing(folder)
  if (!found.isDirectory()) throw unusable(folder, "not_a_folder")
}

const makeMissing = (folder: string): void => {
  const dangling = fs.lstatSync(folder, { throwIfNoEntry: false }) !== undefined
  if (dangling) throw unusable(folder, "missing")
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const reason = reasonOf(cause)
    const parent = fs.existsSync(path.dirname(folder))
    throw parent || reason === "not_a_folder" || reason === "full" ? cause : unusable(folder, "missing")
  }
}

/** Writes and removes a whole page: an empty file can still be made on a full disk. */
const tryWriting = (home: string): void => {
  const probe = path.join(home, `.probe-${process.pid}`)
  try {
    fs.writeFileSync(probe, new Uint8Array(4096), { mode: 0o600 })
  } finally {
    fs.rmSync(probe, { force: true })
  }
}

const take = Effect.fn("Home.hold")(function* (
  home: Home["Service"],
  by: { readonly command: string; readonly version: string },
): Effect.fn.Return<Database, HomeHeld | HomeUnusable> {
  const lock = yield* attempt(home.path, () => exclusive(home.path))
  if (lock === undefined) return yield* new HomeHeld({ path: home.path, ...(yield* holderOf(home.path)) })
  const holder: Holder = { pid: process.pid, since: yield* Clock.currentTimeMillis, ...by }
  yield* attempt(home.path, () => Atomic.write(holderFile(home.path), JSON.stringify(holder), 0o600)).pipe(
    Effect.tapError(() => Effect.sync(() => lock.close())),
  )
  return lock
})

const release = (home: Home["Service"], lock: Database): void => {
  // The facts go first: they must never describe the next holder's lock.
  fs.rmSync(holderFile(home.path), { force: true })
  lock.close()
}

/** Times 25 milliseconds: how long those who only ask may stand in the way of one who takes the home. */
const longestAsking = 40

/** `undefined` while another connection, here or in another process, has the home. */
const exclusive = (home: string): Database | undefined => {
  for (let asked = 0; asked < longestAsking; asked++) {
    const lock = locked(home, "begin exclusive", 25)
    if (lock !== undefined || isHeld(home)) return lock
  }
  return undefined
}

/** Asked beside others who ask, as any number may read. */
const isHeld = (home: string): boolean => {
  const lock = locked(home, "begin; select count(*) from sqlite_schema", 0)
  lock?.close()
  return lock === undefined
}

/** SQLite's lock on an empty file; `undefined` where it is not given within so many milliseconds. */
const locked = (home: string, how: string, wait: number): Database | undefined => {
  const file = path.join(home, "hub.lock")
  fs.closeSync(fs.openSync(file, "a", 0o600))
  const lock = new Database(file)
  try {
    lock.run(`pragma busy_timeout=${wait}`)
    lock.run("pragma locking_mode=exclusive")
    lock.run(how)
    return lock
  } catch (cause) {
    lock.close()
    if (String((cause as { code?: unknown }).code).startsWith("SQLITE_BUSY")) return undefined
    throw cause
  }
}

const holderFile = (home: string): string => path.join(home, "holder.json")

const holderOf = (home: string): Effect.Effect<{ holder?: Holder }> =>
  Effect.sync(() => fs.readFileSync(holderFile(home), "utf8")).pipe(
    Effect.map(Schema.decodeUnknownOption(Schema.fromJsonString(Holder))),
    Effect.map(Option.match({ onNone: () => ({}), onSome: (holder) => ({ holder }) })),
    Effect.catchDefect(() => Effect.succeed({})),
  )

const attempt = <A>(home: string, body: () => A): Effect.Effect<A, HomeUnusable> =>
  Effect.try({
    try: body,
    catch: (cause) => (cause instanceof HomeUnusable ? cause : unusable(home, reasonOf(cause), cause)),
  })

const reasons: Readonly<Record<string, Reason>> = {
  ENOTDIR: "not_a_folder",
  EEXIST: "not_a_folder",
  EACCES: "unwritable",
  EPERM: "unwritable",
  EROFS: "readonly",
  ENOENT: "missing",
  ENOSPC: "full",
  EDQUOT: "full",
}

const reasonOf = (cause: unknown): Reason => reasons[String((cause as { code?: unknown }).code)] ?? "io"

const unusable = (home: string, reason: Reason, cause?: unknown): HomeUnusable => {
  const [detail, advice] = words[reason]
  const told = cause instanceof Error && reason === "io" ? `${detail}: ${cause.message}` : detail
  return new HomeUnusable({ path: home, reason, detail: told, advice })
}

const words: Readonly<Record<Reason, readonly [detail: string, advice: string]>> = {
  relative: ["HUB_HOME is not an absolute path", "Set HUB_HOME to a path that starts with /."],
  not_a_folder: ["The hub's home is not a folder", "Move that file away, or set HUB_HOME to another folder."],
  unwritable: [
    "The hub may not write to its home",
    "Give your user the right to write there, or set HUB_HOME to another folder.",
  ],
  readonly: [
    "The hub's home is on a read-only disk",
    "Mount it writable, or set HUB_HOME to another folder.",
  ],
  missing: [
    "The hub's home is not there and cannot be made",
    "Mount the disk it is on, or set HUB_HOME to another folder.",
  ],
  full: [
    "The disk of the hub's home is full",
    "Free some space, or set HUB_HOME to a folder on another disk.",
  ],
  foreign: [
    "The hub's home belongs to another user",
    "Run hub as that user, or set HUB_HOME to a folder of your own.",
  ],
  io: ["The hub's home cannot be used", "Check the disk, or set HUB_HOME to another folder."],
}
