/** Starts the hub of a home in the background: one, however many ask at once. Free of Effect: the shim loads it. */
import {
  closeSync,
  type FSWatcher,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import { answers } from "../wire/Link.ts"

export interface Start {
  /** Absolute. Made when it is not there. */
  readonly home: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
  /** Arguments that make it serve. Left out: it serves, and ends when nobody has needed it for a while. */
  readonly args?: ReadonlyArray<string> | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Ends the hub at work: this one comes in its place, and nobody starts another in between. */
  readonly instead?: (() => Promise<void>) | undefined
}

/** The message is what the hub said of it. */
export class StartFailed extends Error {
  /** Exit code of the hub that did not start. */
  readonly code: number | undefined

  constructor(message: string, code?: number) {
    super(message)
    this.code = code
  }
}

export const serveWhileNeeded: ReadonlyArray<string> = ["serve", "--idle", "15 minutes"]

/** A hub that follows one that ends waits for it. In milliseconds. */
const within = 30_000
/** Events of a file system may be lost: it is looked at after so many milliseconds anyhow. */
const anyhow = 250
/** What the last hub that was started here said, at most, in bytes. */
const maxWords = 4_000

/** Returns once somebody listens on the socket of `home`. Rejects with `StartFailed`. */
export const start = async (wanted: Start): Promise<void> => {
  const since = Date.now()
  prepare(wanted.home)
  const socket = join(wanted.home, "hub.sock")
  const before = lastFailure(wanted.home)
  const changes = following(wanted.home, basename(socket))
  try {
    while (wanted.instead !== undefined || !(await answers(socket))) {
      if (await alone(wanted.home, () => launch(wanted, socket, before, changes))) return
      if (Date.now() - since > within) throw late(socket)
      await changes.next()
    }
  } finally {
    changes.close()
  }
}

const prepare = (home: string): void => {
  try {
    mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new StartFailed(
      `The hub's home cannot be used (${JSON.stringify(home)}): ${(cause as Error).message}. Give your user the right to write there, or set HUB_HOME to another folder.`,
    )
  }
}

const late = (socket: string) =>
  new StartFailed(`The hub was started, but does not answer on ${socket} after ${within / 1_000} seconds.`)

// The lock is the system's: it ends with whoever holds it, however that ends.
const alone = async (home: string, work: () => Promise<void>): Promise<boolean> => {
  const { Database } = await import("bun:sqlite")
  const file = join(home, "start.lock")
  closeSync(openSync(file, "a", 0o600))
  const lock = new Database(file)
  try {
    if (!isFree(lock)) return false
    await work()
    return true
  } finally {
    lock.close()
  }
}

const isFree = (lock: { readonly run: (sql: string) => unknown }): boolean => {
  try {
    lock.run("pragma busy_timeout=0")
    lock.run("begin exclusive")
    return true
  } catch (cause) {
    if (String((cause as { code?: unknown }).code).startsWith("SQLITE_BUSY")) return false
    throw cause
  }
}

const launch = async (
  wanted: Start,
  socket: string,
  before: string | undefined,
  changes: Changes,
): Promise<void> => {
  await wanted.instead?.()
  if (await answers(socket)) return
  // Who waited while another one tried has its answer.
  const last = lastFailure(wanted.home)
  if (last !== undefined && last !== before) throw toldIn(last)
  rmSync(failureOf(wanted.home), { force: true })
  try {
    await spawn(wanted, socket, changes)
  } catch (cause) {
    if (cause instanceof StartFailed) tell(wanted.home, cause)
    throw cause
  }
}

const failureOf = (home: string): string => join(home, "logs", "start.failed")

/** As it was written; undefined when the last one did not fail. */
const lastFailure = (home: string): string | undefined => {
  try {
    return readFileSync(failureOf(home), "utf8") || undefined
  } catch {
    return undefined
  }
}

// No failure reads like another: clocks are too coarse to tell them apart.
const tell = (home: string, { code, message }: StartFailed): void =>
  writeFileSync(failureOf(home), JSON.stringify([message, code, crypto.randomUUID()]), { mode: 0o600 })

const toldIn = (failure: string): StartFailed => {
  const [message, code] = JSON.parse(failure) as [string, number?]
  return new StartFailed(message, code)
}

/** Once more when somebody ended it: whoever did so may not have known that it was wanted. */
const spawn = async (wanted: Start, socket: string, changes: Changes): Promise<void> => {
  const first = await spawned(wanted, socket, changes)
  const last = first !== undefined && wasEnded(first) ? await spawned(wanted, socket, changes) : first
  if (last !== undefined) throw failed(last)
}

/** How a hub ended that should have stayed. */
interface Ended {
  readonly code: number | undefined
  readonly signal: string | number | undefined
  /** The file with what it said. */
  readonly words: string
}

/** By a signal: one that a hub takes in good order leaves exit code 0. */
const wasEnded = ({ code, signal }: Ended): boolean => signal !== undefined || code === 0

const spawned = async (
  { args, env, home, self }: Start,
  socket: string,
  changes: Changes,
): Promise<Ended | undefined> => {
  const began = Date.now()
  const words = join(home, "logs", "start.log")
  const stderr = openSync(words, "w", 0o600)
  const child = Bun.spawn([...self, ...(args ?? serveWhileNeeded)], {
    cwd: home,
    env: { ...environment(env ?? process.env), HUB_HOME: home },
    stdio: ["ignore", "ignore", stderr],
    detached: true,
    onExit: () => changes.wake(),
  })
  closeSync(stderr)
  child.unref()
  while (!(await answers(socket))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      if (await answers(socket)) return undefined
      return { code: child.exitCode ?? undefined, signal: child.signalCode ?? undefined, words }
    }
    if (Date.now() - began > within) throw late(socket)
    await changes.next()
  }
  return undefined
}

const failed = (ended: Ended): StartFailed => {
  const { code, signal, words } = ended
  if (wasEnded(ended))
    return new StartFailed(
      `The hub was ended twice while it started${signal === undefined ? "" : `, by ${signal}`}. Ask again; what it said is in ${words}.`,
      code,
    )
  const said = readFileSync(words, "utf8")
    .slice(-maxWords)
    .trim()
    .replace(/^hub: /, "")
  return new StartFailed(
    said === "" ? `The hub ended at once, with exit code ${code}, and said nothing.` : said,
    code,
  )
}

/** The marks of a run would have the hub ended together with that run; the others would have it be another program. */
const environment = (env: Readonly<Record<string, string | undefined>>) => {
  const { BUN_BE_BUN: _be, BUN_OPTIONS: _options, HUB_ATTEMPT: _attempt, HUB_RUN: _run, ...rest } = env
  return rest
}

interface Changes {
  /** Resolves with the next change of the file since the last call, or after a while. */
  readonly next: () => Promise<void>
  readonly wake: () => void
  readonly close: () => void
}

/** Follows one name in a folder. */
const following = (folder: string, name: string): Changes => {
  let isDue = false
  let resume = () => {}
  const wake = () => {
    isDue = true
    resume()
  }
  const watcher = watching(folder, name, wake)
  const next = async () => {
    if (!isDue)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, anyhow)
        resume = () => (clearTimeout(timer), resolve())
      })
    isDue = false
  }
  return { next, wake, close: () => watcher?.close() }
}

/** Undefined where it cannot be watched: a system bears only so many who do. */
export const watching = (folder: string, name: string, changed: () => void): FSWatcher | undefined => {
  try {
    const watcher = watch(folder, (_, file) => {
      if (file === name) changed()
    })
    return watcher.on("error", () => {})
  } catch {
    return undefined
  }
}
