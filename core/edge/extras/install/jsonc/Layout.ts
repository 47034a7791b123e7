/** How a JSON text is laid out, and a value printed as its neighbours are. */
import type { Node } from "jsonc-parser/lib/esm/main.js"
import { lineEnding, lineStart } from "../../../../toml/Splice.ts"
import { endOf } from "./Tree.ts"

export interface Layout {
  readonly eol: "\n" | "\r\n"
  /** What a line of the parent's begins with, and one of its properties. */
  readonly base: string
  readonly indent: string
  readonly unit: string
}

export const layoutOf = (body: string, parent: Node, last: Node | undefined): Layout => {
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

export const printed = (value: unknown, { eol, indent, unit }: Layout): string =>
  JSON.stringify(value, null, unit).replaceAll("\n", eol + indent)

export const inline = (body: string, value: unknown): string =>
  isCompact(body) ? JSON.stringify(value) : JSON.stringify(value, null, 1).replace(/\n */g, " ")

/** Has not a blank behind a colon. */
export const isCompact = (body: string): boolean => /":\S/.test(body) && !/":\s/.test(body)

/** In the place of a value, on one line where that one is. */
export const printedAt = (body: string, node: Node, value: unknown): string =>
  body.slice(node.offset, endOf(node)).includes("\n")
    ? printed(value, { ...layoutOf(body, node, undefined), indent: indentAt(body, node.offset) })
    : inline(body, value)

export const startsLine = (body: string, at: number): boolean => {
  const start = lineStart(body, at)
  return start > 0 && body.slice(start, at).trim() === ""
}
