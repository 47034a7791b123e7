/** Pieces of Markdown. */
import { type Key, keysOf, type Shape } from "./Shape.ts"

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n")

/** Pipes would end a cell. */
const cell = (text: string) => text.replaceAll("\n", " ").replace(/(?<!\\)\|/g, "\\|")

/** The keys of a table, one a row; a sentence when it has none. */
export const keys = (shape: Shape): string => {
  const rows = keysOf(shape).map((key) => [code(key.path), key.type, standard(key), key.description])
  return rows.length === 0 ? "No keys of its own." : table(["key", "type", "default", "meaning"], rows)
}

const standard = ({ required, default: value }: Key) => {
  if (required) return "required"
  return value === undefined ? "" : code(toml(value))
}

export const code = (text: string): string => `\`${text}\``

/** A value on one line of TOML. */
export const toml = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value)
  const entries = Object.entries(value).map(([key, inner]) => `${bare(key)} = ${toml(inner)}`)
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`
}

const bare = (key: string) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key))
