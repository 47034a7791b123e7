/** Findings of this room, at their place in a document. */
import { type Diagnostic, diagnose, type Path, type TomlDocument } from "../toml/Toml.ts"

/** The value is wrong. */
export const error = (document: TomlDocument, path: Path, message: string): Diagnostic =>
  diagnose(document, path, message)

/** The key is wrong. */
export const keyError = (document: TomlDocument, path: Path, message: string): Diagnostic =>
  diagnose(document, path, message, { onKey: true })

/** Something that runs, and hardly as it was meant. */
export const warning = (document: TomlDocument, path: Path, message: string): Diagnostic =>
  diagnose(document, path, message, { severity: "warning" })

/** Errors and warnings in the order of the text, each once; files in the order they were read. */
export const sorted = (diagnostics: ReadonlyArray<Diagnostic>): ReadonlyArray<Diagnostic> => {
  const unique = new Map(
    diagnostics.map((one) => [`${one.file}:${one.line}:${one.column}:${one.path}:${one.message}`, one]),
  )
  const files = [...new Set(diagnostics.map(({ file }) => file))]
  return [...unique.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
}

const MAX = 200

/** The first 200, and how many more there are. */
export const capped = (diagnostics: ReadonlyArray<Diagnostic>): ReadonlyArray<Diagnostic> => {
  const next = diagnostics[MAX]
  if (next === undefined) return diagnostics
  const message = `and ${diagnostics.length - MAX} more findings from here on`
  return [...diagnostics.slice(0, MAX), { ...next, path: "", message }]
}
