/** Two recordings of one case: what became of its end, its events, and the shape of its lines. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { asObject, asText, objectIn } from "../../plugin/reading/Json.ts"
import type { RecordedCase, Recordings } from "../recordings.ts"

export interface Recorded {
  readonly folder: string
  readonly index: typeof Recordings.Type
}

/** One sentence for each difference; none when they are alike. */
export const compare = (name: string, before: Recorded, after: Recorded): ReadonlyArray<string> => {
  const [old, fresh] = [before.index.cases[name], after.index.cases[name]]
  if (old === undefined || fresh === undefined) return []
  return [
    ...changed("end", endOf(old), endOf(fresh)),
    // An older set need not say everything.
    ...(old.early === undefined ? [] : changed("early sign", old.early, fresh.early)),
    ...(old.exit === undefined ? [] : changed("exit", String(old.exit), String(fresh.exit ?? fresh.signal))),
    ...missing(old.events ?? [], fresh.events ?? []),
    ...shapes(shapeOf(before.folder, name), shapeOf(after.folder, name)),
  ]
}

export const endOf = (one: RecordedCase): string => one.class ?? "answers"

const changed = (what: string, was: string | undefined, is: string | undefined): ReadonlyArray<string> =>
  was === is ? [] : [`${what}: ${was ?? "none"} → ${is ?? "none"}`]

/** Events that a set does not list. */
const untold = ["output", "signal"]

const missing = (was: ReadonlyArray<string>, is: ReadonlyArray<string>): ReadonlyArray<string> => {
  const gone = [...new Set(was)].filter((type) => !untold.includes(type) && !is.includes(type))
  return gone.length === 0 ? [] : [`events gone: ${gone.join(", ")}`]
}

type Shape = ReadonlyMap<string, ReadonlySet<string>>

/** Kinds of lines with their keys. */
const shapeOf = (folder: string, name: string): Shape => {
  const file = join(folder, `${name}.jsonl`)
  const shape = new Map<string, Set<string>>()
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const object = objectIn(line)
    if (object === undefined) continue
    const inner = asObject(object["item"]) ?? asObject(object["part"])
    const kind = [object["type"] ?? object["role"], object["subtype"], inner?.["type"]]
      .map(asText)
      .filter((part) => part !== undefined)
      .join("/")
    const keys = shape.get(kind) ?? new Set<string>()
    for (const key of Object.keys(object)) keys.add(key)
    shape.set(kind, keys)
  }
  return shape
}

const shapes = (was: Shape, is: Shape): ReadonlyArray<string> => {
  const only = (a: Shape, b: Shape) => [...a.keys()].filter((kind) => !b.has(kind))
  const lines = (what: string, kinds: ReadonlyArray<string>) =>
    kinds.length === 0 ? [] : [`lines ${what}: ${kinds.join(", ")}`]
  const gone = [...was].flatMap(([kind, keys]) =>
    is.has(kind)
      ? [...keys].filter((key) => is.get(kind)?.has(key) !== true).map((key) => `${kind}.${key}`)
      : [],
  )
  return [
    ...lines("gone", only(was, is)),
    ...lines("new", only(is, was)),
    ...(gone.length === 0 ? [] : [`keys gone: ${gone.join(", ")}`]),
  ]
}
