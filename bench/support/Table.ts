/** The table at the end: Markdown that is also readable as it stands. */
import type { Row } from "./Figure.ts"

const head = ["figure", "ours", "floor or peer", "compared", "target", ""]

export const verdict = ({ met, target }: Row): string =>
  target === undefined ? "" : met === undefined ? "skipped" : met ? "met" : "**not met**"

const cells = (row: Row): ReadonlyArray<string> => [
  row.what,
  row.ours,
  row.beside,
  row.compared,
  row.target ?? "",
  verdict(row),
]

export const table = (rows: ReadonlyArray<Row>): string => {
  const all = [head, ...rows.map(cells)].map((line) => line.map((cell) => cell.replaceAll("|", "\\|")))
  const widths = head.map((_, column) =>
    Math.max(3, ...all.map((line) => Bun.stringWidth(line[column] ?? ""))),
  )
  const line = (texts: ReadonlyArray<string>) =>
    `| ${texts.map((text, column) => text + " ".repeat(widths[column]! - Bun.stringWidth(text))).join(" | ")} |`
  const [first = [], ...rest] = all
  const notes = rows.flatMap(({ note, what }) => (note === undefined ? [] : [`* ${what}: ${note}`]))
  const lines = [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)]
  return [...lines, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n")
}
