/** What a change of a file comes to, for a person to look at: the lines that go and those that come. */
import { lineEnd, lineStart } from "../../../toml/Splice.ts"

/** Of a line that is longer, as in a file that is one line: so much is shown on each side of what is different. */
const beside = 60
const longest = 300

/** Empty when both are the same. */
export const difference = (before: string, after: string): ReadonlyArray<string> => {
  if (before === after) return []
  const same = commonStart(before, after)
  const ending = commonEnd(before, after, Math.min(before.length, after.length) - same)
  const from = Math.max(lineStart(before, same), same - beside)
  const endOf = (text: string) => text.length - ending
  const isWhole = [before, after].every((text) => endOf(text) === lineStart(text, endOf(text)))
  const piece = (text: string, sign: string): ReadonlyArray<string> => {
    const to = isWhole
      ? Math.max(from, endOf(text) - 1)
      : Math.min(lineEnd(text, endOf(text)), endOf(text) + beside)
    const shown = text.slice(from, to)
    return shown === "" ? [] : shown.split("\n").map((line) => sign + clipped(line))
  }
  return [`line ${linesTo(before, from)}:`, ...piece(before, "-"), ...piece(after, "+")]
}

const commonStart = (a: string, b: string): number => {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}

const commonEnd = (a: string, b: string, most: number): number => {
  let count = 0
  while (count < most && a.at(-1 - count) === b.at(-1 - count)) count++
  return count
}

const clipped = (line: string): string =>
  (line.length > longest ? `${line.slice(0, longest)}…` : line).replace(/\r$/, "")

const linesTo = (text: string, at: number): number => text.slice(0, at).split("\n").length
