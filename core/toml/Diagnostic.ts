/** One finding about a file, and how it is written for a person. */
import { Schema } from "effect"
import { printable } from "./Excerpt.ts"
import type { Path } from "./Locate.ts"

export const Diagnostic = Schema.Struct({
  /** Empty: it stands in no file, and has no place. */
  file: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  /** For example `step.write.try[1]`; empty for the file as a whole. */
  path: Schema.String,
  message: Schema.String,
  severity: Schema.Literals(["error", "warning"]),
  /** The line itself, and under it a caret: where the file cannot be read at all. */
  excerpt: Schema.optionalKey(Schema.String),
})
export interface Diagnostic extends Schema.Schema.Type<typeof Diagnostic> {}

/** Every finding about one document. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", {
  diagnostics: Schema.Array(Diagnostic),
}) {
  override get message(): string {
    return this.diagnostics.map(formatDiagnostic).join("\n")
  }
}

/** `pipelines/implement.toml:14:7  step.write.try[1]: no step "codx".`, and under it the excerpt when there is one. */
export const formatDiagnostic = (d: Diagnostic): string => {
  const path = d.path === "" ? "" : `${d.path}: `
  const severity = d.severity === "warning" ? "warning: " : ""
  const shown = d.excerpt === undefined ? "" : `\n${indented(d.excerpt)}`
  const place = d.file === "" ? "" : `${printable(d.file)}:${d.line}:${d.column}  `
  return `${place}${severity}${path}${printable(d.message)}${shown}`
}

const indented = (excerpt: string) => excerpt.replace(/^/gm, "  ")

/** `step.write.try[1]`; keys that TOML would not take bare are quoted. */
export const formatPath = (path: Path): string =>
  path.map((segment, index) => formatSegment(segment, index === 0)).join("")

const formatSegment = (segment: string | number, first: boolean) => {
  if (typeof segment === "number") return `[${segment}]`
  const name = /^[A-Za-z0-9_-]+$/.test(segment) ? segment : printable(JSON.stringify(segment))
  return first ? name : `.${name}`
}

const MAX_NAMES = 30

/** `Known: a, b.`, and before it `Did you mean "a"?` when one is close. */
export const didYouMean = (name: string, known: ReadonlyArray<string>): string => {
  const close = closest(name, known)
  const guess = close === undefined ? "" : `Did you mean ${JSON.stringify(close)}? `
  if (known.length === 0) return "None are known."
  const more = known.length > MAX_NAMES ? `, and ${known.length - MAX_NAMES} more` : ""
  return `${guess}Known: ${known.slice(0, MAX_NAMES).join(", ")}${more}.`
}

/** The known name that is at most a third of its letters away. */
export const closest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  let best: { readonly name: string; readonly edits: number } | undefined
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3))
    if (name === candidate || name.length > 64 || Math.abs(name.length - candidate.length) > limit) continue
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { name: candidate, edits }
  }
  return best?.name
}

/** Edits between two words: insert, delete, replace, or swap two neighbours. */
const distance = (a: string, b: string): number => {
  let [older, old]: [Array<number>, Array<number>] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = old[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(replaced, old[j]! + 1, row[j - 1]! + 1, swap ? older[j - 2]! + 1 : Infinity)
    }
    ;[older, old] = [old, row]
  }
  return old[b.length]!
}
