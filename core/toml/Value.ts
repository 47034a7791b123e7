/** Values of a document, by their paths. */
import type { Path } from "./Locate.ts"

/** The value at `path`; undefined where there is none. */
export const valueAt = (value: unknown, path: Path): unknown => {
  let here = value
  for (const segment of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, segment)) return undefined
    if (Array.isArray(here) !== (typeof segment === "number")) return undefined
    here = (here as Record<string | number, unknown>)[segment]
  }
  return here
}
