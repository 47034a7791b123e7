/** Pieces of text to put in place of others, and the lines they stand on. */

export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Thrown inside this room when a change cannot be made in place. */
export class Refused extends Error {}

/** Pieces must not overlap. */
export const apply = (body: string, splices: ReadonlyArray<Splice>): string =>
  [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: piece }) => text.slice(0, start) + piece + text.slice(end), body)

/** The line ending the file uses first. */
export const lineEnding = (body: string): "\n" | "\r\n" => (/^[^\n]*\r\n/.test(body) ? "\r\n" : "\n")

export const lineStart = (body: string, offset: number): number =>
  offset <= 0 ? 0 : body.lastIndexOf("\n", offset - 1) + 1

/** Before the line ending. */
export const lineEnd = (body: string, offset: number): number => {
  const end = body.indexOf("\n", offset)
  if (end < 0) return body.length
  return body[end - 1] === "\r" && end > offset ? end - 1 : end
}

/** After the line ending. */
export const nextLine = (body: string, offset: number): number => {
  const end = body.indexOf("\n", offset)
  return end < 0 ? body.length : end + 1
}
