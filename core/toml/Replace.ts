/** Puts a value at a place: over the old one, key by key into a table, or as a new key. */
import { same } from "./Compare.ts"
import { formatPath } from "./Diagnostic.ts"
import { readPlain } from "./Document.ts"
import { valueAt } from "./Value.ts"
import { addition } from "./Insert.ts"
import { find, locate, type Path } from "./Locate.ts"
import { inline, isTable } from "./Print.ts"
import { removal } from "./Remove.ts"
import { apply, Refused } from "./Splice.ts"

/** The text with `value` at `path`. `value` is plain and can be written; new lines end with `eol`. */
export const put = (body: string, path: Path, value: unknown, eol: string): string => {
  const tree = locate(body)
  const place = find(tree, path)
  if (place === undefined) return apply(body, [addition({ body, tree, eol }, path, value)])
  const old = valueAt(readPlain(body), path)
  if (same(old, value)) return body
  if (isTable(old) && isTable(value) && !(place.kind === "inline" && reshaped(old, value)))
    return merge(body, path, { old, value, eol })
  if (place.content !== undefined)
    return apply(body, [{ start: place.start, end: place.end, text: inline(value) }])
  if (Array.isArray(old) && Array.isArray(value)) return putEntries(body, path, old, value, eol)
  throw new Refused(
    `${formatPath(path) || "the document"} is ${isTable(old) ? "a table" : "a list of tables"}: remove it first`,
  )
}

/** Whether a table would have to become something else, which an inline table can only as a whole. */
const reshaped = (old: Record<string, unknown>, value: Record<string, unknown>): boolean =>
  Object.entries(old).some(([name, inner]) => {
    if (!isTable(inner) || !Object.hasOwn(value, name)) return false
    const wanted = value[name]
    return !isTable(wanted) || reshaped(inner, wanted)
  })

interface Change {
  readonly old: Record<string, unknown>
  readonly value: Record<string, unknown>
  readonly eol: string
}

const merge = (body: string, path: Path, { old, value, eol }: Change): string => {
  let text = body
  for (const [name, inner] of Object.entries(value)) text = put(text, [...path, name], inner, eol)
  for (const name of Object.keys(old)) if (!Object.hasOwn(value, name)) text = removal(text, [...path, name])
  // A table that only its keys implied is gone with the last of them.
  return find(locate(text), path) === undefined ? put(text, path, value, eol) : text
}

const putEntries = (
  body: string,
  path: Path,
  old: ReadonlyArray<unknown>,
  value: ReadonlyArray<unknown>,
  eol: string,
): string => {
  if (old.length !== value.length || !value.every(isTable))
    throw new Refused(
      `${formatPath(path)} is a list of ${old.length} tables with headers: change them one by one`,
    )
  return value.reduce<string>((text, inner, index) => put(text, [...path, index], inner, eol), body)
}
