/** Says that something changed among some files. Watches their folders, so that an editor's rename is seen too. */
import { existsSync, type FSWatcher, watch as watchFolder } from "node:fs"
import * as path from "node:path"
import { Effect, Queue, type Scope } from "effect"

export interface Watcher {
  readonly changes: Queue.Dequeue<string>
  /** Watches these files from now on, and no others. True when there are some that were not watched before. */
  readonly cover: (files: ReadonlyArray<string>) => Effect.Effect<boolean>
}

/** At most one change waits to be taken. */
export const watch = Effect.fn("Watch.watch")(function* (
  home: string,
): Effect.fn.Return<Watcher, never, Scope.Scope> {
  const changes = yield* Queue.sliding<string>(1)
  const watchers = new Map<string, FSWatcher>()
  let files: ReadonlySet<string> = new Set()
  const drop = (folder: string) => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const add = (folder: string) => {
    if (watchers.has(folder) || !existsSync(folder)) return
    try {
      const watcher = watchFolder(folder, (_, name) => {
        if (name === null || files.has(path.join(folder, String(name)))) Queue.offerUnsafe(changes, folder)
      })
      watcher.on("error", () => drop(folder))
      watchers.set(folder, watcher)
    } catch {
      // A folder that cannot be watched is read at the next start or reload.
    }
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => [...watchers.keys()].forEach(drop)))
  const cover = (wanted: ReadonlyArray<string>) =>
    Effect.sync(() => {
      const before = files
      files = new Set([...wanted, path.join(home, "plugins.toml")])
      const folders = new Set([...files].map((file) => path.dirname(file)))
      for (const folder of watchers.keys()) if (!folders.has(folder)) drop(folder)
      for (const folder of folders) add(folder)
      return [...files].some((file) => !before.has(file))
    })
  return { changes, cover }
})
