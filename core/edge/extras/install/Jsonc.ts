/** Changes one value of a JSON text, with or without comments, and leaves every other byte as it is. */
// Its modules by name: the package's front is a bundle that looks things up while it runs.
import {
  createScanner,
  getNodeValue,
  type Node,
  type ParseError,
  type ParseErrorCode,
  parseTree,
  printParseErrorCode,
  type SyntaxKind,
} from "jsonc-parser/lib/esm/main.js"
import { same, withValue } from "../../../toml/Compare.ts"
import { formatPath } from "../../../toml/Diagnostic.ts"
import { type Position, position } from "../../../toml/Locate.ts"
import { apply, lineEnding, lineStart, type Splice } from "../../../toml/Splice.ts"

export type Keys = ReadonlyArray<string>

/** `strict`: neither comments nor a comma at the end. */
export interface Dialect {
  readonly strict: boolean
}

/** The text cannot be read, or holds something else where a table is needed. It is as it was. */
export class JsonRefused extends Error {
  readonly at: Position
  constructor(at: Position, message: string) {
    super(message)
    this.at = at
  }
}

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

const treeOf = (body: string, { strict }: Dialect): Node | undefined => {
  const errors: Array<ParseError> = []
  const options = { disallowComments: strict, allowTrailingComma: !strict, allowEmptyContent: true }
  const root = shallow(body, () => parseTree(body, errors, options))
  const [first] = errors
  if (first === undefined) return root
  throw new JsonRefused(position(body, first.offset), complaint(first.error))
}

const shallow = <A>(body: string, read: () => A): A => {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RangeError) throw new JsonRefused(position(body, 0), "it is nested too deeply")
    throw cause
  }
}

/** `ValueExpected` → `value expected`. */
const complaint = (error: ParseErrorCode): string =>
  printParseErrorCode(error)
    .replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .toLowerCase()

/** A text without any value gets an empty object, below the comments it may have. */
const rooted = (body: string, dialect: Dialect): string => {
  if (treeOf(body, dialect) !== undefined) return body
  const eol = lineEnding(body)
  return `${body}${body.trim() === "" || body.endsWith("\n") ? "" : eol}{}${eol}`
}

/** The deepest node on the way, and how many keys lead there. A key that stands twice has no one place. */
const nearest = (body: string, root: Node | undefined, path: Keys) => {
  let node = root
  for (const [depth, name] of path.entries()) {
    if (node === undefined || node.type !== "object")
      throw new JsonRefused(
        position(body, node?.offset ?? 0),
        `${formatPath(path.slice(0, depth)) || "the file"} is no object`,
      )
    const found: ReadonlyArray<Node> = (node.children ?? []).filter(
      ({ children }) => children?.[0]?.value === name,
    )
    if (found.length > 1)
      throw new JsonRefused(
        position(body, found[1]?.offset ?? 0),
        `${formatPath(path.slice(0, depth + 1))} stands there twice`,
      )
    const next = found[0]?.children?.[1]
    if (next === undefined) return { node, depth }
    node = next
  }
  return { node, depth: path.length }
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

const endOf = ({ length, offset }: Node): number => offset + length

/** A new last property, on a line of its own where the others have one. */
const insertion = (body: string, parent: Node, name: string, value: unknown): ReadonlyArray<Splice> => {
  const last = parent.children?.at(-1)
  const from = last === undefined ? parent.offset + 1 : endOf(last)
  const comma = last === undefined ? undefined : commaAfter(body, from)
  const anchor = comma ?? from
  const tail = comma === undefined ? "" : ","
  const separator = last === undefined || comma !== undefined ? [] : [{ start: from, end: from, text: "," }]
  if (last === undefined ? isOnOneLine(body, parent) : !startsLine(body, last.offset))
    return [
      onOneLine(body, anchor, { property: property(name, inline(body, value)) + tail, last }),
      ...separator,
    ]
  const layout = layoutOf(body, parent, last)
  const text = layout.eol + layout.indent + property(name, printed(value, layout)) + tail
  return [onLines(body, parent, { anchor, text, layout, last }), ...separator]
}

const property = (name: string, value: string): string => `${JSON.stringify(name)}: ${value}`

interface OneLine {
  readonly property: string
  readonly last: Node | undefined
}

const onOneLine = (body: string, at: number, { last, property: text }: OneLine): Splice => {
  if (isCompact(body)) return { start: at, end: at, text: text.replace('": ', '":') }
  return { start: at, end: at, text: last === undefined ? ` ${text} ` : ` ${text}` }
}

interface Lines {
  readonly anchor: number
  readonly text: string
  readonly layout: Layout
  readonly last: Node | undefined
}

const onLines = (body: string, parent: Node, { anchor, last, layout, text }: Lines): Splice => {
  const start = restOfLine(body, anchor)
  const close = endOf(parent) - 1
  const isBare = last === undefined && !/\n/.test(body.slice(start, close))
  return isBare ? { start, end: close, text: text + layout.eol + layout.base } : { start, end: start, text }
}

interface Layout {
  readonly eol: "\n" | "\r\n"
  /** What a line of the parent's begins with, and one of its properties. */
  readonly base: string
  readonly indent: string
  readonly unit: string
}

const layoutOf = (body: string, parent: Node, last: Node | undefined): Layout => {
  const base = indentAt(body, parent.offset)
  const unit = unitOf(body)
  return {
    eol: lineEnding(body),
    base,
    unit,
    indent: last === undefined ? base + unit : indentAt(body, last.offset),
  }
}

const indentAt = (body: string, at: number): string =>
  /^[ \t]*/.exec(body.slice(lineStart(body, at)))?.[0] ?? ""

/** As the first line that is indented. */
const unitOf = (body: string): string => /^(?:\t| {1,8})(?=["{[])/m.exec(body)?.[0] ?? "  "

const printed = (value: unknown, { eol, indent, unit }: Layout): string =>
  JSON.stringify(value, null, unit).replaceAll("\n", eol + indent)

const inline = (body: string, value: unknown): string =>
  isCompact(body) ? JSON.stringify(value) : JSON.stringify(value, null, 1).replace(/\n */g, " ")

/** Has not a blank behind a colon. */
const isCompact = (body: string): boolean => /":\S/.test(body) && !/":\s/.test(body)

/** In the place of a value, on one line where that one is. */
const printedAt = (body: string, node: Node, value: unknown): string =>
  body.slice(node.offset, endOf(node)).includes("\n")
    ? printed(value, { ...layoutOf(body, node, undefined), indent: indentAt(body, node.offset) })
    : inline(body, value)

const isOnOneLine = (body: string, parent: Node): boolean =>
  parent.parent !== undefined && !/\n/.test(body.trim())

const startsLine = (body: string, at: number): boolean => {
  const start = lineStart(body, at)
  return start > 0 && body.slice(start, at).trim() === ""
}

// The library's enumerations are types only where each file is compiled by itself.
const kinds = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, blank: 15 } as const

const isA = (kind: SyntaxKind, ...some: ReadonlyArray<keyof typeof kinds>): boolean =>
  some.some((name) => kinds[name] === (kind as number))

/** Behind the comma that follows, with nothing but blanks and comments between. */
const commaAfter = (body: string, from: number): number | undefined => {
  const scanner = createScanner(body, true)
  scanner.setPosition(from)
  return isA(scanner.scan(), "comma") ? scanner.getTokenOffset() + 1 : undefined
}

/** Behind the comments that still belong to this line. */
const restOfLine = (body: string, from: number): number => {
  const scanner = createScanner(body, false)
  scanner.setPosition(from)
  let end = from
  for (let kind = scanner.scan(); ; kind = scanner.scan()) {
    if (isA(kind, "lineComment", "blockComment")) end = scanner.getTokenOffset() + scanner.getTokenLength()
    else if (!isA(kind, "blank")) return end
  }
}

/** One property with one comma, and its lines where it has them for itself. */
const removal = (body: string, gone: Node): ReadonlyArray<Splice> => {
  const siblings = gone.parent?.children ?? []
  const before = siblings[siblings.indexOf(gone) - 1]
  const after = commaAfter(body, endOf(gone))
  if (before === undefined && after === undefined) return [alone(body, gone)]
  const piece = pieceOf(body, gone.offset, { end: after ?? endOf(gone), isFirst: before === undefined })
  if (after !== undefined || before === undefined) return [piece]
  const comma = commaAfter(body, endOf(before)) ?? piece.start
  return [{ start: comma - 1, end: comma, text: "" }, piece]
}

const pieceOf = (
  body: string,
  start: number,
  { end, isFirst }: { readonly end: number; readonly isFirst: boolean },
): Splice => {
  if (ownsLines(body, start, end)) return { start: endOfLineBefore(body, start), end, text: "" }
  return isFirst || startsLine(body, start)
    ? { start, end: end + blanksAt(body, end), text: "" }
    : { start: backOverBlanks(body, start), end, text: "" }
}

/** Nothing else is in the object: where not even a comment is, it closes up. */
const alone = (body: string, gone: Node): Splice => {
  const parent = gone.parent ?? gone
  const [open, close, end] = [parent.offset + 1, endOf(parent) - 1, endOf(gone)]
  const isBare = (body.slice(open, gone.offset) + body.slice(end, close)).trim() === ""
  if (isBare) return { start: open, end: close, text: "" }
  const start = ownsLines(body, gone.offset, end) ? endOfLineBefore(body, gone.offset) : gone.offset
  return { start, end, text: "" }
}

/** Nothing but a closing bracket follows on its last line, and that may move up. */
const ownsLines = (body: string, start: number, end: number): boolean =>
  startsLine(body, start) &&
  (/^[ \t]*(?:\r?\n|$)/.test(body.slice(end)) ||
    (/^[ \t]*\}/.test(body.slice(end)) && !endsInComment(body, endOfLineBefore(body, start))))

const endsInComment = (body: string, at: number): boolean => {
  const scanner = createScanner(body, false)
  for (let kind = scanner.scan(); scanner.getTokenOffset() < at; kind = scanner.scan())
    if (isA(kind, "lineComment") && scanner.getTokenOffset() + scanner.getTokenLength() >= at) return true
  return false
}

const endOfLineBefore = (body: string, at: number): number => {
  const start = lineStart(body, at) - 1
  return body[start - 1] === "\r" ? start - 1 : start
}

const blanksAt = (body: string, at: number): number => /^[ \t]*/.exec(body.slice(at))?.[0].length ?? 0

const backOverBlanks = (body: string, at: number): number =>
  body[at - 1] === " " || body[at - 1] === "\t" ? backOverBlanks(body, at - 1) : at
