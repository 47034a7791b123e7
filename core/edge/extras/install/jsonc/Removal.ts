/** A property that goes, with its comma and its lines. */
import type { Node } from "jsonc-parser/lib/esm/main.js"
import { lineStart, type Splice } from "../../../../toml/Splice.ts"
import { startsLine } from "./Layout.ts"
import { commaAfter, endsInComment } from "./Scan.ts"
import { endOf } from "./Tree.ts"

/** One property with one comma, and its lines where it has them for itself. */
export const removal = (body: string, gone: Node): ReadonlyArray<Splice> => {
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

const endOfLineBefore = (body: string, at: number): number => {
  const start = lineStart(body, at) - 1
  return body[start - 1] === "\r" ? start - 1 : start
}

const blanksAt = (body: string, at: number): number => /^[ \t]*/.exec(body.slice(at))?.[0].length ?? 0

const backOverBlanks = (body: string, at: number): number =>
  body[at - 1] === " " || body[at - 1] === "\t" ? backOverBlanks(body, at - 1) : at
