/** Whether the home of a hub at work is still there, and its socket where others look for it. */
import { type FSWatcher, type Stats, statSync, watch } from "node:fs"
import { Effect } from "effect"

/** Tells the same file from another one in its place. */
const identity = (path: string): string | undefined => {
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** Does the folder still stand there that did at first? */
export const remembered = (path: string): (() => boolean) => {
  const first = identity(path)
  return () => first !== undefined && identity(path) === first
}

/** A disk that is unmounted sends no event. Milliseconds. */
const anyhow = 15_000

/** Returns once one of these, or the folder they are in, is gone or replaced. */
export const gone = (folder: string, files: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const same = [folder, ...files].map(remembered)
    const look = () => {
      if (same.some((isSame) => !isSame())) resume(Effect.void)
    }
    const watcher = watching(folder, look)
    look()
    const timer = setInterval(look, anyhow)
    return Effect.sync(() => {
      clearInterval(timer)
      watcher?.close()
    })
  })

/** None where the folder is gone already, or the system has no watchers left: then it is looked at now and then. */
const watching = (folder: string, look: () => void): FSWatcher | undefined => {
  try {
    return watch(folder, look).on("error", look)
  } catch {
    return undefined
  }
}
