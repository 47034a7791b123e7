/** What a document's value must be after an edit. */
import type { Path } from "./Locate.ts"
import { isTable } from "./Print.ts"

type Table = Record<string | number, unknown>

/** Equal in what TOML can say: the order of keys and the sign of zero do not count. */
export const same = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, index) => same(one, b[index]))
  if (!isTable(a) || !isTable(b)) return a === b || (Number.isNaN(a) && Number.isNaN(b))
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  )
}

/** `root` with `value` at `path`. */
export const withValue = (root: unknown, path: Path, value: unknown): unknown => {
  const [head, ...rest] = path
  if (head === undefined) return value
  const copy = shallow(root)
  copy[head] = withValue(Object.hasOwn(copy, head) ? copy[head] : undefined, rest, value)
  return copy
}

/** `root` without `path`, and without the tables and lists on the way that end up empty and are gone in `after` as well. */
export const without = (root: unknown, path: Path, after: unknown): unknown => {
  const [head, ...rest] = path
  const copy = shallow(root)
  if (head === undefined || !Object.hasOwn(copy, head)) return root
  const left = isContainer(after) && Object.hasOwn(after, head) ? after[head] : undefined
  const inner = rest.length === 0 ? undefined : without(copy[head], rest, left)
  const gone =
    rest.length === 0 || (left === undefined && isContainer(inner) && Object.keys(inner).length === 0)
  if (!gone) copy[head] = inner
  else if (Array.isArray(copy)) copy.splice(head as number, 1)
  else delete copy[head]
  return copy
}

const isContainer = (value: unknown): value is Table => isTable(value) || Array.isArray(value)

const shallow = (value: unknown): Table =>
  Array.isArray(value)
    ? ([...value] as unknown as Table)
    : Object.assign(Object.create(null) as Table, isTable(value) ? value : {})
