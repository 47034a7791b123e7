/** A property that comes, with its comma and its lines. */
import type { Node } from "jsonc-parser/lib/esm/main.js"
import type { Splice } from "../../../../toml/Splice.ts"
import { inline, isCompact, type Layout, layoutOf, printed, startsLine } from "./Layout.ts"
import { commaAfter, restOfLine } from "./Scan.ts"
import { endOf } from "./Tree.ts"

/** A new last property, on a line of its own where the others have one. */
export const insertion = (
  body: string,
  parent: Node,
  name: string,
  value: unknown,
): ReadonlyArray<Splice> => {
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

const isOnOneLine = (body: string, parent: Node): boolean =>
  parent.parent !== undefined && !/\n/.test(body.trim())
