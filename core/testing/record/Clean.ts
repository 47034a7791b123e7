/** A program's output as it may be kept: nothing of this machine in it, and no list longer than it takes. */
import { homedir } from "node:os"

/** Folder or file by what stands in its place. */
export type Places = Readonly<Record<string, string>>

/** Longest text of one field, in characters. */
const longest = 4000
/** Of a list of words, such as the names of all tools. */
const few = 3

export const clean = (text: string, places: Places): string =>
  text
    .split("\n")
    .map((line) => trimmed(anonymous(line, places)))
    .join("\n")

const anonymous = (line: string, places: Places): string => {
  const all = { ...places, [homedir()]: "~" }
  return (
    Object.entries(all)
      // The longer one first: a folder may stand inside another.
      .sort(([a], [b]) => b.length - a.length)
      .filter(([path]) => path.length > 1)
      .reduce((text, [path, name]) => text.replaceAll(path, name), line)
      .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, "$1:PORT")
  )
}

const trimmed = (line: string): string => {
  if (!line.startsWith("{")) return line.slice(0, longest)
  try {
    return JSON.stringify(shorter(JSON.parse(line)))
  } catch {
    return line.slice(0, longest)
  }
}

const shorter = (value: unknown): unknown => {
  if (typeof value === "string") return value.slice(0, longest)
  if (Array.isArray(value))
    return (value.every((item) => typeof item === "string") ? value.slice(0, few) : value).map(shorter)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorter(inner)]))
}
