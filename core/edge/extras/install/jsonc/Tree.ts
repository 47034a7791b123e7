/** A JSON text as nodes with their places, and the way to one of them. */
// Its modules by name: the package's front is a bundle that looks things up while it runs.
import {
  type Node,
  type ParseError,
  type ParseErrorCode,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser/lib/esm/main.js"
import { formatPath } from "../../../../toml/Diagnostic.ts"
import { type Position, position } from "../../../../toml/Locate.ts"

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

export const treeOf = (body: string, { strict }: Dialect): Node | undefined => {
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

/** The deepest node on the way, and how many keys lead there. A key that stands twice has no one place. */
export const nearest = (body: string, root: Node | undefined, path: Keys) => {
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

export const endOf = ({ length, offset }: Node): number => offset + length
