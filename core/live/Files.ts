/** The files core itself reads and writes. */
import { accessSync, existsSync, mkdirSync, promises as fs, statSync, watch } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Cause, Effect, Layer, Option, Queue, Stream } from "effect"
import { Files } from "../services/Files.ts"
import { FolderUnusable } from "../services/Processes.ts"
import * as Disk from "./Disk.ts"
import { echoing } from "./supervisor/Watch.ts"

export const layer: Layer.Layer<Files> = Layer.succeed(
  Files,
  Files.of({
    read: (file, max_bytes = Disk.default_max_bytes) => Disk.attempt(file, () => Disk.read(file, max_bytes)),
    stamp: (file) =>
      Disk.attempt(file, () => Disk.stamp(file)).pipe(
        Effect.map(Option.some),
        Effect.catchIf(
          (failed) => failed.reason === "missing",
          () => Effect.succeed(Option.none<string>()),
        ),
      ),
    size: (file) =>
      Disk.attempt(file, async () => (await fs.stat(file)).size).pipe(
        Effect.catchIf(
          (failed) => failed.reason === "missing",
          () => Effect.succeed(0),
        ),
      ),
    write: (file, text) =>
      Disk.attempt(file, () => Disk.write(file, text, { file: 0o600, folder: 0o700, always: true })),
    list: (folder) =>
      Disk.attempt(folder, async () => (await fs.readdir(folder)).sort()).pipe(
        Effect.catchIf(
          (failed) => failed.reason === "missing",
          () => Effect.succeed([]),
        ),
      ),
    folder: (folder) =>
      Effect.tryPromise({
        try: () => enter(folder),
        catch: (cause) => new FolderUnusable({ path: folder, detail: why(cause) }),
      }),
    remove: (file) => Disk.attempt(file, () => Disk.remove(file)),
    // The way over another thread, which has slept meanwhile, takes a millisecond before each start of an agent.
    makeFolder: (folder) =>
      Disk.attempt(folder, async () => void mkdirSync(folder, { recursive: true, mode: 0o700 })),
    removeFolder: (folder) =>
      Disk.attempt(folder, () => fs.rm(folder, { recursive: true, force: true, maxRetries: 3 })),
    changes: (folder) =>
      Stream.callback<void>(
        (queue) =>
          Effect.acquireRelease(
            Effect.sync(() => watching(folder, queue)),
            (close) => Effect.sync(close),
          ),
        { bufferSize: 1, strategy: "sliding" },
      ),
  }),
)

/** Gives what stops it. */
const watching = (folder: string, queue: Queue.Queue<void, Cause.Done>): (() => void) => {
  const end = () => void Queue.endUnsafe(queue)
  const look = () => {
    Queue.offerUnsafe(queue, undefined)
    if (!existsSync(folder)) end()
  }
  const told = echoing(look)
  try {
    const watcher = watch(folder, { persistent: false }, told.ring)
    watcher.on("error", end)
    look()
    return () => {
      watcher.close()
      told.stop()
    }
  } catch {
    Queue.offerUnsafe(queue, undefined)
    end()
    return () => undefined
  }
}

const expand = (folder: string): string =>
  folder === "~" || folder.startsWith("~/") ? path.join(os.homedir(), folder.slice(1)) : folder

const enter = async (given: string): Promise<string> => {
  const folder = expand(given)
  if (!path.isAbsolute(folder)) throw new Error("a folder is named by its absolute path")
  const found = await fs.realpath(folder)
  // A disk that has just answered is asked the rest at once: each way over another thread costs more than the question.
  if (!statSync(found).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" })
  accessSync(found, fs.constants.R_OK | fs.constants.X_OK)
  return found
}

const why = (cause: unknown): string => {
  const { code, message } = cause as { code?: unknown; message?: unknown }
  switch (code) {
    case "ENOENT":
      return "there is no such folder"
    case "ENOTDIR":
      return "it is not a folder"
    case "EACCES":
    case "EPERM":
      return "your user may not enter and read it"
    case "ELOOP":
      return "its links lead in a circle"
    case "ENAMETOOLONG":
      return "its path is longer than this machine can open"
    default:
      return String(message)
  }
}
