/** Where keys and values stand in a TOML text that is known to be valid. */
import { type AST, parseTOML } from "toml-eslint-parser"

/** A place in a TOML file, 1-based; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type Path = ReadonlyArray<string | number>

/** The key-values under one header; the first block of a file has none. */
export interface Block {
  readonly path: Path
  readonly header: AST.TOMLTable | undefined
  readonly body: ReadonlyArray<AST.TOMLKeyValue>
}

/** How a thing is written: `implied` is the `a` of `[a.b]`, `dotted` the `a` of `a.b = 1`, `tables` the list behind `[[a]]`. */
type Kind = "table" | "tables" | "implied" | "dotted" | "inline" | "array" | "scalar"

export interface Place {
  kind: Kind
  /** Offset of the key's last segment; of the element itself inside a list. */
  key: number
  /** Offset of the value; of the opening bracket for a table with a header. */
  start: number
  end: number
  readonly children: Map<string | number, Place>
  /** The block of a table with a header. */
  block?: Block
  /** The key-value that writes this value; for a dotted table the last one that runs through it. */
  entry?: AST.TOMLKeyValue
  /** Which segment of `entry`'s key names this place. */
  segment?: number
  content?: AST.TOMLContentNode
}

export interface Tree {
  readonly root: Place
  readonly blocks: ReadonlyArray<Block>
}

/** Throws what the parser throws when the text is not valid. */
export const locate = (text: string): Tree => {
  const top = parseTOML(text, { tomlVersion: "1.1" }).body[0]
  const loose = top.body.filter((node) => node.type === "TOMLKeyValue")
  const first: Block = { path: [], header: undefined, body: loose }
  const root: Place = { ...fresh("table", 0, 0, 0), block: first }
  const blocks = [first]
  for (const entry of loose) addEntry(root, entry)
  for (const node of top.body) {
    if (node.type !== "TOMLTable") continue
    const block: Block = { path: node.resolvedKey, header: node, body: node.body }
    blocks.push(block)
    const place = addHeader(root, node, block)
    for (const entry of node.body) addEntry(place, entry)
  }
  return { root, blocks }
}

/** The place at `path`, or undefined. */
export const find = (tree: Tree, path: Path): Place | undefined => {
  let place: Place | undefined = tree.root
  for (const segment of path) place = place?.children.get(segment)
  return place
}

/** The deepest place on the way to `path`, and how many segments lead there. */
export const nearest = (tree: Tree, path: Path): { readonly place: Place; readonly depth: number } => {
  let place = tree.root
  for (const [depth, segment] of path.entries()) {
    const child = place.children.get(segment)
    if (child === undefined) return { place, depth }
    place = child
  }
  return { place, depth: path.length }
}

/** Turns an offset into a position. */
export const position = (text: string, offset: number): Position => {
  const before = text.slice(0, offset)
  const line = before.split("\n").length
  return { line, column: offset - before.lastIndexOf("\n") }
}

const fresh = (kind: Kind, key: number, start: number, end: number): Place => ({
  kind,
  key,
  start,
  end,
  children: new Map(),
})

const addHeader = (root: Place, header: AST.TOMLTable, block: Block): Place => {
  let place = root
  let token = -1
  for (const [index, segment] of header.resolvedKey.entries()) {
    if (typeof segment === "string") token++
    const key = header.key.keys[token]?.range[0] ?? header.range[0]
    const list = typeof header.resolvedKey[index + 1] === "number"
    place = child(place, segment, () =>
      fresh(list ? "tables" : "implied", key, list ? header.range[0] : key, key),
    )
    if (index < header.resolvedKey.length - 1) continue
    Object.assign(place, { kind: "table", key, start: header.range[0], end: header.key.range[1], block })
  }
  return place
}

const addEntry = (table: Place, entry: AST.TOMLKeyValue): void => {
  let place = table
  const keys = entry.key.keys
  for (const [segment, token] of keys.entries()) {
    const [start, end] = token.range
    const name = token.type === "TOMLBare" ? token.name : token.value
    if (segment === keys.length - 1) place.children.set(name, value(entry.value, start, { entry, segment }))
    else
      place = through(
        child(place, name, () => fresh("dotted", start, start, end)),
        entry,
        segment,
      )
  }
}

// Both parsers let dotted keys reach into a table that headers only implied: from then on it is a dotted one.
const through = (place: Place, entry: AST.TOMLKeyValue, segment: number): Place =>
  Object.assign(place, { entry, segment, kind: place.kind === "implied" ? "dotted" : place.kind })

const value = (content: AST.TOMLContentNode, key: number, written: Partial<Place>): Place => {
  const [start, end] = content.range
  const place = { ...fresh(kindOf(content), key, start, end), content, ...written }
  if (content.type === "TOMLInlineTable") for (const entry of content.body) addEntry(place, entry)
  if (content.type === "TOMLArray")
    for (const [index, element] of content.elements.entries())
      place.children.set(index, value(element, element.range[0], {}))
  return place
}

const kindOf = (content: AST.TOMLContentNode): Kind =>
  content.type === "TOMLInlineTable" ? "inline" : content.type === "TOMLArray" ? "array" : "scalar"

const child = (place: Place, segment: string | number, make: () => Place): Place => {
  const found = place.children.get(segment) ?? make()
  place.children.set(segment, found)
  return found
}
