/** Files for plugins: anywhere but in the hub's own home, of which each instance has one folder. */
import { promises as fs } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { Home } from "../services/Home.ts"
import type { FileFailed, Workspace } from "../services/Workspace.ts"
import * as Disk from "./Disk.ts"

const max_found = 10_000
const passed_over = new Set([".git", "node_modules"])

/** The workspace of one instance. Paths are absolute; `glob` gives absolute paths too. */
export const forPlugin = (instance: string): Effect.Effect<Workspace["Service"], never, Home> =>
  Effect.map(Home, (home) => {
    const own = path.join(home.data, encodeURIComponent(instance).replaceAll(".", "%2E"))
    const at = <A>(file: string, body: () => Promise<A>): Effect.Effect<A, FileFailed> =>
      Disk.attempt(file, async () => {
        await permit(file, home.path, own)
        return await body()
      })

    return {
      data: Disk.attempt(own, async () => {
        await fs.mkdir(own, { recursive: true, mode: 0o700 })
        return own
      }),
      read: (file, max_bytes = Disk.default_max_bytes) =>
        at(file, async () => (await Disk.read(file, max_bytes)).text),
      write: (file, text) => at(file, () => Disk.write(file, text, { file: 0o644, folder: 0o755 })),
      exists: (file) =>
        Effect.matchEager(
          at(file, () => fs.stat(file)),
          { onFailure: () => false, onSuccess: () => true },
        ),
      remove: (file) => at(file, () => Disk.remove(file)),
      glob: (folder, pattern) => at(folder, () => glob(folder, pattern)),
    }
  })

/** Secrets and the database are out of reach, by links too. */
const permit = async (file: string, home: string, own: string): Promise<void> => {
  if (!path.isAbsolute(file)) throw Disk.refused(file, "outside", "is not an absolute path")
  if (file.includes("\0")) throw Disk.refused(file, "outside", "is no path: it holds a NUL")
  const target = await Disk.real(file)
  if (within(target, await Disk.real(home)) && !within(target, await Disk.real(own)))
    throw Disk.refused(file, "outside", "is in the hub's own home; a plugin's files go to its data folder")
}

const within = (file: string, folder: string): boolean =>
  file === folder || file.startsWith(folder + path.sep)

const glob = async (folder: string, pattern: string): Promise<ReadonlyArray<string>> => {
  const wanted = new Bun.Glob(pattern)
  const found: Array<string> = []
  // A stack, deepest last: names come in order, and links to folders are not followed, so there are no circles.
  const open = [""]
  for (let below = open.pop(); below !== undefined && found.length < max_found; below = open.pop()) {
    const entries = await fs
      .readdir(path.join(folder, below), { withFileTypes: true })
      .catch((cause: unknown) => {
        if (below === "") throw cause
        return []
      })
    const folders: Array<string> = []
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && !passed_over.has(entry.name)) folders.push(name)
      if (!entry.isDirectory() && wanted.match(name)) found.push(path.join(folder, name))
    }
    open.push(...folders.toReversed())
  }
  return found.slice(0, max_found).sort()
}
