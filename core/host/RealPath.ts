/** Where a path leads behind all links, also while another program replaces what stands there. */
import * as fs from "node:fs"
import { basename, dirname, join, resolve } from "node:path"

/**
 * What is not there keeps its name. Throws what the file system throws, such as `EACCES`, and `ELOOP` for links in a circle.
 *
 * The file itself is not asked for its real path: Bun 1.4.5 says that there is none while a new one is renamed into its place.
 */
export const of = (path: string, depth = 0): string => {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return ofMissing(path)
  // Nothing is renamed into the place of a folder with something in it.
  if (stat.isDirectory()) return fs.realpathSync(path)
  const folder = fs.realpathSync(dirname(path))
  if (!stat.isSymbolicLink()) return join(folder, basename(path))
  if (depth > 40) throw Object.assign(new Error(`${path}: its links lead in a circle`), { code: "ELOOP" })
  return of(resolve(folder, fs.readlinkSync(path)), depth + 1)
}

/** By the nearest folder above that is there. */
const ofMissing = (path: string): string => {
  const above = dirname(path)
  if (above === path) return path
  return join(fs.existsSync(above) ? fs.realpathSync(above) : ofMissing(above), basename(path))
}
