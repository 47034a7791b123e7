/** Which pieces of a text go when a key or a table is removed. */
import type { AST } from "toml-eslint-parser"
import { startsWith } from "./Insert.ts"
import { type Block, find, locate, type Path, type Place } from "./Locate.ts"
import { apply, lineStart, nextLine, Refused, type Splice } from "./Splice.ts"

/** The text without what stands at `path`; the same text when nothing does. */
export const removal = (body: string, path: Path): string => {
  if (path.length === 0) throw new Refused("the document itself cannot be removed")
  const tree = locate(body)
  const place = find(tree, path)
  if (place === undefined) return body
  if (place.entry !== undefined) return removal(apply(body, withoutEntry(body, place.entry)), path)
  const list = find(tree, path.slice(0, -1))
  if (list?.content?.type === "TOMLArray")
    return apply(body, withoutElement(body, list, path.at(-1) as number))
  const gone = tree.blocks.filter((block) => startsWith(block.path, path))
  return apply(
    body,
    gone.map((block) => withoutBlock(body, block)),
  )
}

const withoutEntry = (body: string, entry: AST.TOMLKeyValue): ReadonlyArray<Splice> => {
  const { parent } = entry
  if (parent.type === "TOMLInlineTable")
    return withoutItem(body, parent.body, parent.body.indexOf(entry), parent)
  return [{ start: lineStart(body, entry.range[0]), end: nextLine(body, entry.range[1]), text: "" }]
}

const withoutElement = (body: string, { content }: Place, index: number): ReadonlyArray<Splice> =>
  content?.type === "TOMLArray" ? withoutItem(body, content.elements, index, content) : []

type Ranged = { readonly range: readonly [number, number] }

/** One of several between brackets, with one comma. */
const withoutItem = (
  body: string,
  items: ReadonlyArray<Ranged>,
  index: number,
  list: Ranged,
): ReadonlyArray<Splice> => {
  const [start, end] = items[index]!.range
  const after = comma(body, end, items[index + 1]?.range[0] ?? list.range[1] - 1)
  if (after !== undefined) return [{ start, end: skipBlanks(body, after + 1), text: "" }]
  const before = index === 0 ? undefined : comma(body, items[index - 1]!.range[1], start)
  const item = { start: backOverBlanks(body, start), end, text: "" }
  return before === undefined ? [item] : [{ start: before, end: before + 1, text: "" }, item]
}

/** The comma between two offsets that is not part of a comment. */
const comma = (body: string, from: number, to: number): number | undefined => {
  const gap = body.slice(from, to).replace(/#[^\n]*/g, (comment) => " ".repeat(comment.length))
  const found = gap.indexOf(",")
  return found < 0 ? undefined : from + found
}

const skipBlanks = (body: string, at: number) => at + /^[ \t]*/.exec(body.slice(at))![0].length

const backOverBlanks = (body: string, at: number): number =>
  body[at - 1] === " " || body[at - 1] === "\t" ? backOverBlanks(body, at - 1) : at

/** From the header's line to the last key-value's; of the blank lines around, those before are kept. */
const withoutBlock = (body: string, { header, body: entries }: Block): Splice => {
  const start = lineStart(body, header!.range[0])
  const end = nextLine(body, entries.at(-1)?.range[1] ?? header!.key.range[1])
  const separate = start === 0 || /\n\r?\n$/.test(body.slice(0, start))
  return { start, end: separate ? skipBlankLines(body, end) : end, text: "" }
}

const skipBlankLines = (body: string, at: number) => at + /^(?:[ \t]*\r?\n)*/.exec(body.slice(at))![0].length
