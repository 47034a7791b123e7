/** Changes one value of a JSON text, with or without comments, and leaves every other byte as it is. */
// The library parses and scans. Its own `modify` lays lines out anew and loses comments beside what it takes.
import { getNodeValue, type Node } from "jsonc-parser/lib/esm/main.js"
import { same, withValue } from "../../../toml/Compare.ts"
import { apply, lineEnding } from "../../../toml/Splice.ts"
import { insertion } from "./jsonc/Insertion.ts"
import { printedAt } from "./jsonc/Layout.ts"
import { removal } from "./jsonc/Removal.ts"
import { type Dialect, endOf, JsonRefused, type Keys, nearest, treeOf } from "./jsonc/Tree.ts"

/** Undefined for a text of nothing but blanks and comments. */
export const read = (body: string, dialect: Dialect): unknown => {
  const root = treeOf(body, dialect)
  return root === undefined ? undefined : getNodeValue(root)
}

/** The text with `value` at `path`. An object that is there is changed key by key; a new one stands last in its place. */
export const put = (body: string, path: Keys, value: unknown, dialect: Dialect): string => {
  const text = rooted(body, dialect)
  return checked(text, placed(text, path, value, dialect), dialect, (before) =>
    withValue(before, path, value),
  )
}

/** The text without the key at `path`; the same text when there is none. */
export const take = (body: string, path: Keys, dialect: Dialect): string => {
  const root = treeOf(body, dialect)
  const { depth, node } = nearest(body, root, path)
  if (root === undefined || node === undefined || depth < path.length) return body
  const after = apply(body, removal(body, node.parent as Node))
  return checked(body, after, dialect, (before) => deleted(before, path))
}

/** A person's file is never written with anything but the change that was asked for. */
const checked = (
  body: string,
  after: string,
  dialect: Dialect,
  wanted: (before: unknown) => unknown,
): string => {
  if (after === body || same(wanted(read(body, dialect)), read(after, dialect))) return after
  throw new JsonRefused({ line: 1, column: 1 }, "it cannot be changed in place")
}

const deleted = (value: unknown, [head, ...rest]: Keys): unknown => {
  const copy: Record<string, unknown> = Object.assign(Object.create(null), value)
  if (head === undefined || rest.length === 0) delete copy[head ?? ""]
  else copy[head] = deleted(copy[head], rest)
  return copy
}

/** A text without any value gets an empty object, below the comments it may have. */
const rooted = (body: string, dialect: Dialect): string => {
  if (treeOf(body, dialect) !== undefined) return body
  const eol = lineEnding(body)
  return `${body}${body.trim() === "" || body.endsWith("\n") ? "" : eol}{}${eol}`
}

const placed = (body: string, path: Keys, value: unknown, dialect: Dialect): string => {
  const { depth, node } = nearest(body, treeOf(body, dialect), path)
  if (node === undefined) return body
  const [name, ...rest] = path.slice(depth)
  if (name !== undefined)
    return apply(
      body,
      insertion(
        body,
        node,
        name,
        rest.reduceRight((inner, key) => ({ [key]: inner }), value),
      ),
    )
  const old: unknown = getNodeValue(node)
  if (same(old, value)) return body
  return isObject(old) && isObject(value)
    ? merged(body, path, { old, value, dialect })
    : apply(body, [{ start: node.offset, end: endOf(node), text: printedAt(body, node, value) }])
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

interface Change {
  readonly old: Record<string, unknown>
  readonly value: Record<string, unknown>
  readonly dialect: Dialect
}

const merged = (body: string, path: Keys, { dialect, old, value }: Change): string => {
  const put_ = Object.entries(value).reduce(
    (text, [name, inner]) => placed(text, [...path, name], inner, dialect),
    body,
  )
  return Object.keys(old)
    .filter((name) => !Object.hasOwn(value, name))
    .reduce((text, name) => take(text, [...path, name], dialect), put_)
}
