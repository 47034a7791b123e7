/** Reads TOML into plain values that know where they stand in the file. */
import { Effect, Schema } from "effect"
import { parse as read, TomlError } from "smol-toml"
import { type Diagnostic, formatDiagnostic } from "./Diagnostic.ts"
import { excerpt } from "./Excerpt.ts"
import { locate, nearest, type Path, type Position, position, type Tree } from "./Locate.ts"

export class TomlSyntax extends Schema.TaggedError<TomlSyntax>()("TomlSyntax", {
  file: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  /** What is wrong there. */
  reason: Schema.String,
  /** The line itself, and under it a caret. */
  excerpt: Schema.String,
}) {
  override get message(): string {
    return formatDiagnostic(diagnoseSyntax(this))
  }
}

/** A file that cannot be read at all, among the findings of others. */
export const diagnoseSyntax = ({ column, excerpt, file, line, reason }: TomlSyntax): Diagnostic => ({
  file,
  line,
  column,
  path: "",
  message: reason,
  severity: "error",
  ...(excerpt === "" ? {} : { excerpt }),
})

export interface TomlDocument {
  /** As shown to a person. */
  readonly file: string
  readonly text: string
  /** Tables have no prototype. Dates are ISO strings, those without a zone as they are written. */
  readonly value: Record<string, unknown>
  /** Where the value at `path` stands, else its nearest ancestor, else 1:1. */
  readonly at: (path: Path) => Position
  /** Where the key of `path` stands, else its nearest ancestor's, else 1:1. */
  readonly keyAt: (path: Path) => Position
}

const MAX_BYTES = 2 * 1024 * 1024
const MAX_DEPTH = 64

/** Accepts a byte order mark and CRLF. Refuses more than 2 MB, more than 64 levels, and integers a number cannot hold. */
export const parse = Effect.fn("Toml.parse")(function* (text: string, file: string) {
  const body = withoutMark(text)
  const at = lazyPositions(body)
  if (exceeds(text)) return yield* syntax(file, "", { line: 1, column: 1 }, "the file is larger than 2 MB")
  const value = yield* Effect.try({
    try: () => readRaw(body),
    catch: (error) => complaint(file, body, error),
  })
  const deep = plain(value, [])
  if (deep) return yield* syntax(file, body, at("key", deep), `nested deeper than ${MAX_DEPTH} levels`)
  return {
    file,
    text,
    value,
    at: (path: Path) => at("start", path),
    keyAt: (path: Path) => at("key", path),
  } as TomlDocument
})

/** The text without its byte order mark, which no editor counts as a column. */
export const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text)

// Three bytes are the most that one UTF-16 unit takes, so small texts need no count.
const exceeds = (text: string) =>
  text.length * 3 > MAX_BYTES && new TextEncoder().encode(text).byteLength > MAX_BYTES

/** The plain value of a valid text. */
export const readPlain = (body: string): Record<string, unknown> => {
  const value = readRaw(body)
  plain(value, [])
  return value
}

// Temporal, because the library's own dates lose what is finer than a millisecond.
const readRaw = (body: string) =>
  read(body, { maxDepth: MAX_DEPTH, useLegacyDate: false }) as Record<string, unknown>

const complaint = (file: string, body: string, error: unknown): TomlSyntax => {
  if (!(error instanceof TomlError)) return syntax(file, body, { line: 1, column: 1 }, String(error))
  const reason = (error.message.split("\n")[0] ?? "").replace("Invalid TOML document: ", "")
  const deep = reason.includes("excessively nested")
  return syntax(file, body, error, deep ? `nested deeper than ${MAX_DEPTH} levels` : reason)
}

const syntax = (file: string, body: string, { line, column }: Position, reason: string) =>
  new TomlSyntax({ file, line, column, reason, excerpt: excerpt(body, { line, column }) })

/** Replaces dates by strings in place; gives the path of the first value that lies too deep. */
const plain = (table: Record<string | number, unknown>, path: Path): Path | undefined => {
  for (const name of Object.keys(table)) {
    const value = table[name]
    if (typeof value !== "object" || value === null) continue
    const here = [...path, Array.isArray(table) ? Number(name) : name]
    if (here.length > MAX_DEPTH) return here
    if (isDate(value)) table[name] = iso(value)
    else {
      const deep = plain(value as Record<string, unknown>, here)
      if (deep) return deep
    }
  }
  return undefined
}

const isDate = (value: object) => !Array.isArray(value) && Object.getPrototypeOf(value) !== null

// Temporal prints an offset twice, the second time in brackets.
const iso = (date: object) =>
  String(date)
    .replace(/\[.*$/, "")
    .replace(/\+00:00$/, "Z")

/** Builds the tree of places at the first question only: most documents have no errors. */
const lazyPositions = (body: string) => {
  let tree: Tree | undefined
  return (what: "start" | "key", path: Path): Position => {
    try {
      tree ??= locate(body)
      const { place } = nearest(tree, path)
      return position(body, place[what])
    } catch {
      return { line: 1, column: 1 }
    }
  }
}
