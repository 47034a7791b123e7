/** What stands between values: commas and comments. */
import { createScanner, type SyntaxKind } from "jsonc-parser/lib/esm/main.js"

// The library's enumerations are types only where each file is compiled by itself.
const kinds = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, blank: 15 } as const

const isA = (kind: SyntaxKind, ...some: ReadonlyArray<keyof typeof kinds>): boolean =>
  some.some((name) => kinds[name] === (kind as number))

/** Behind the comma that follows, with nothing but blanks and comments between. */
export const commaAfter = (body: string, from: number): number | undefined => {
  const scanner = createScanner(body, true)
  scanner.setPosition(from)
  return isA(scanner.scan(), "comma") ? scanner.getTokenOffset() + 1 : undefined
}

/** Behind the comments that still belong to this line. */
export const restOfLine = (body: string, from: number): number => {
  const scanner = createScanner(body, false)
  scanner.setPosition(from)
  let end = from
  for (let kind = scanner.scan(); ; kind = scanner.scan()) {
    if (isA(kind, "lineComment", "blockComment")) end = scanner.getTokenOffset() + scanner.getTokenLength()
    else if (!isA(kind, "blank")) return end
  }
}

export const endsInComment = (body: string, at: number): boolean => {
  const scanner = createScanner(body, false)
  for (let kind = scanner.scan(); scanner.getTokenOffset() < at; kind = scanner.scan())
    if (isA(kind, "lineComment") && scanner.getTokenOffset() + scanner.getTokenLength() >= at) return true
  return false
}
