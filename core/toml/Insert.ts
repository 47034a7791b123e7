/** Where a key that is not there yet is written, and how. */
import { formatPath } from "./Diagnostic.ts"
import { type Block, nearest, type Path, type Place, type Tree } from "./Locate.ts"
import { inline, isTable, key, stringify } from "./Print.ts"
import { lineEnd, lineStart, Refused, type Splice } from "./Splice.ts"

export interface Text {
  readonly body: string
  readonly tree: Tree
  /** The line ending to write. */
  readonly eol: string
}

/** The piece that adds `value` at a `path` where nothing stands. */
export const addition = (text: Text, path: Path, value: unknown): Splice => {
  const { place, depth } = nearest(text.tree, path)
  const rest = names(place, path, depth)
  switch (place.kind) {
    case "inline":
      return intoInline(place, assignment(rest.slice(0, 1), nest(rest.slice(1), value)))
    case "dotted":
      return besideDotted(text, place, rest, value)
    default:
      return place.block !== undefined && rest.length === 1 && !isTable(value)
        ? intoBlock(text, place.block, assignment(rest, value))
        : newTable(text, path, value)
  }
}

/** The missing part of the path, which must be keys below a table. */
const names = (place: Place, path: Path, depth: number): ReadonlyArray<string> => {
  const here = formatPath(path.slice(0, depth))
  const rest = path.slice(depth)
  if (place.kind === "scalar") throw new Refused(`${here} is not a table and holds no keys`)
  if (place.kind === "array" || place.kind === "tables")
    throw new Refused(
      `${here} is a list of ${place.children.size}: ${formatPath(path.slice(0, depth + 1))} is not in it`,
    )
  if (!rest.every((segment) => typeof segment === "string"))
    throw new Refused(`${formatPath(path)} counts in a list that does not exist`)
  return rest
}

const assignment = (keys: ReadonlyArray<string>, value: unknown) =>
  `${keys.map(key).join(".")} = ${inline(value)}`

const nest = (keys: ReadonlyArray<string>, value: unknown): unknown =>
  keys.reduceRight((inner, name) => ({ [name]: inner }), value)

const intoInline = ({ start, content }: Place, line: string): Splice => {
  const last = content?.type === "TOMLInlineTable" ? content.body.at(-1) : undefined
  return last === undefined ? insertion(start + 1, ` ${line} `) : insertion(last.range[1], `, ${line}`)
}

const insertion = (at: number, text: string): Splice => ({ start: at, end: at, text })

/** A dotted table cannot be given a header, so the key is dotted too. */
const besideDotted = (
  text: Text,
  { entry, segment }: Place,
  rest: ReadonlyArray<string>,
  value: unknown,
): Splice => {
  const keys = entry!.key.keys
  const prefix = text.body.slice(keys[0]!.range[0], keys[segment!]!.range[1])
  const line = `${prefix}.${assignment(rest, value)}`
  return entry!.parent.type === "TOMLInlineTable"
    ? insertion(entry!.range[1], `, ${line}`)
    : afterEntry(text, entry!.range, line)
}

const afterEntry = ({ body, eol }: Text, [start, end]: readonly [number, number], line: string): Splice => {
  const indent = body.slice(lineStart(body, start), start)
  return insertion(lineEnd(body, end), eol + indent + line)
}

const intoBlock = (text: Text, block: Block, line: string): Splice => {
  const { body, tree, eol } = text
  const last = block.body.at(-1)
  if (last !== undefined) return afterEntry(text, last.range, line)
  if (block.header !== undefined) return insertion(blockEnd(body, block), eol + line)
  const first = tree.blocks[1]?.header
  return first === undefined
    ? atEnd(text, line, "")
    : insertion(aboveComments(body, lineStart(body, first.range[0])), line + eol + eol)
}

/** Comments right above a header belong to it, except `#:schema` and the like, which belong to the file. */
const aboveComments = (body: string, at: number): number => {
  const above = lineStart(body, at - 1)
  return at > 0 && /^[ \t]*#(?!:)/.test(body.slice(above, at)) ? aboveComments(body, above) : at
}

const blockEnd = (body: string, block: Block): number =>
  lineEnd(body, block.body.at(-1)?.range[1] ?? block.header!.key.range[1])

/** A header of its own: at the end of the list entry it is part of, else at the file's end. */
const newTable = (text: Text, path: Path, value: unknown): Splice => {
  const { body, tree, eol } = text
  const keys = path.filter((segment) => typeof segment === "string")
  const document = stringify(nest(keys, value) as Record<string, unknown>)
  const lines = document.trimEnd().replaceAll("\n", eol)
  const entry = path.slice(0, path.findLastIndex((segment) => typeof segment === "number") + 1)
  if (entry.length === 0) return atEnd(text, lines, eol)
  const last = tree.blocks.findLast((block) => startsWith(block.path, entry))!
  return insertion(blockEnd(body, last), eol + eol + lines)
}

export const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.every((segment, index) => path[index] === segment)

const atEnd = ({ body, eol }: Text, lines: string, gap: string): Splice => {
  const open = body === "" || body.endsWith("\n") ? "" : eol
  const blank = body === "" || /\n\r?\n$/.test(body) ? "" : gap
  return insertion(body.length, open + blank + lines + eol)
}
