/** TOML inside Markdown, each fence with its place in the file. */

export type TomlKind = "plugins" | "projects" | "pipeline" | "toml"

export interface Fence {
  readonly kind: TomlKind
  readonly text: string
  /** Lines of the file before the fence's first one. */
  readonly line: number
  /** Columns that were cut off at the left. */
  readonly column: number
}

const OPENING = /^(\s*)(`{3,}|~{3,})\s*toml\b(.*)$/i

export const fences = (markdown: string): ReadonlyArray<Fence> => {
  const lines = markdown.split(/\r?\n/)
  const found: Array<Fence> = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", ticks = "", info = ""] = OPENING.exec(lines[at] ?? "") ?? []
    if (ticks === "") {
      at = skipped(lines, at)
      continue
    }
    const end = closing(lines, at + 1, ticks)
    const inside = lines.slice(at + 1, end).map((line) => unindented(line, indent.length))
    const text = inside.join("\n")
    found.push({
      kind: kindByInfo(info) ?? kindOf(text),
      text: `${text}\n`,
      line: at + 1,
      column: indent.length,
    })
    at = end
  }
  return found
}

/** A fence of another language may show one of ours: it is passed over as a whole. */
const skipped = (lines: ReadonlyArray<string>, at: number): number => {
  const ticks = /^\s*(`{3,}|~{3,})/.exec(lines[at] ?? "")?.[1]
  return ticks === undefined ? at : closing(lines, at + 1, ticks)
}

const closing = (lines: ReadonlyArray<string>, from: number, ticks: string): number => {
  const end = lines.findIndex((line, at) => at >= from && isClosing(line.trim(), ticks))
  return end === -1 ? lines.length : end
}

const isClosing = (line: string, ticks: string): boolean =>
  line.length >= ticks.length && line === (ticks[0] ?? "`").repeat(line.length)

const unindented = (line: string, width: number): string => {
  const own = line.length - line.trimStart().length
  return line.slice(Math.min(own, width))
}

/** ` ```toml plugins.toml `, ` ```toml pipeline `, ` ```toml other ` for what is only to be TOML. */
const kindByInfo = (info: string): TomlKind | undefined => {
  const word = /[\w./-]+/.exec(info)?.[0]
  if (word === undefined) return undefined
  if (word === "other") return "toml"
  return /^(plugins|projects|pipeline)$/.test(word) ? (word as TomlKind) : kindByName(word)
}

export const kindByName = (name: string): TomlKind | undefined => {
  const file = name.split(/[\\/]/).at(-1) ?? ""
  if (file === "plugins.toml") return "plugins"
  if (file === "projects.toml") return "projects"
  return /(^|[\\/])pipelines[\\/][^\\/]+\.toml$/.test(name) ? "pipeline" : undefined
}

/** By the tables and keys that only one of our files has. */
export const kindOf = (text: string): TomlKind => {
  if (/^\s*\[plugin\s*[.\]]/m.test(text)) return "plugins"
  if (/^\s*\[project\s*[.\]]/m.test(text)) return "projects"
  return /^\s*(?:\[\[?\s*(?:step|input|defaults|test)\s*[.\]]|run\s*=\s*\[)/m.test(text) ? "pipeline" : "toml"
}
