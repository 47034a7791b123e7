/** Reads an Effect Schema issue into sentences for a person. */
import type { SchemaAST, SchemaIssue } from "effect"
import { closest, didYouMean } from "./Diagnostic.ts"
import { valueAt } from "./Value.ts"
import { a, field, isSecret, type LiteralTag, literals, name, show, tagOf } from "./Expected.ts"
import type { Path } from "./Locate.ts"

export interface Finding {
  readonly path: Path
  readonly message: string
  /** The key is what is wrong, not the value. */
  readonly onKey: boolean
  /** How far the value is from what was expected: chooses between the members of a union. */
  readonly weight: number
}

interface Reading {
  readonly root: unknown
  readonly path: Path
  /** The schema of the table or list around. */
  readonly around?: SchemaAST.AST
  /** Values below are secrets and are not repeated. */
  readonly hidden: boolean
}

/** `root` is the whole document; `base` is where the schema was applied to it. */
export const findings = (issue: SchemaIssue.Issue, root: unknown, base: Path): ReadonlyArray<Finding> =>
  read(issue, { root, path: base, hidden: false })

const read = (issue: SchemaIssue.Issue, at: Reading): ReadonlyArray<Finding> => {
  switch (issue._tag) {
    case "Pointer":
      return read(issue.issue, { ...at, path: [...at.path, ...issue.path.map(segment)] })
    case "Composite":
      return issue.issues.flatMap((inner) => read(inner, inside(at, issue.ast)))
    case "Encoding":
      return read(issue.issue, { ...at, hidden: at.hidden || isSecret(issue.ast) })
    case "Filter":
      return readFilter(issue, at)
    case "AnyOf":
      return readUnion(issue, inside(at, issue.ast))
    case "InvalidType":
      return wrong(at, a(issue.ast))
    case "InvalidValue":
      return readInvalid(issue.annotations, at)
    case "MissingKey":
      return [found(at, issue.annotations?.messageMissingKey ?? missing(at))]
    case "UnexpectedKey":
      return [readUnknown(issue.ast, at)]
    case "OneOf":
      return [found(at, "fits more than one of the allowed forms")]
    case "Forbidden":
      return [found(at, text(issue.annotations?.message) ?? "cannot be checked here")]
  }
}

const segment = (part: PropertyKey) => (typeof part === "symbol" ? String(part) : part)

const inside = (at: Reading, around: SchemaAST.AST): Reading => ({
  ...at,
  around,
  hidden: at.hidden || isSecret(around),
})

const found = (at: Reading, message: string, weight = 1): Finding => ({
  path: at.path,
  message,
  onKey: false,
  weight,
})

const text = (value: unknown) => (typeof value === "string" ? value : undefined)

/** `expected …, got …`. */
const wrong = (at: Reading, what: string, weight = 1): ReadonlyArray<Finding> => {
  const got = at.hidden ? "" : `, got ${show(valueAt(at.root, at.path))}`
  return [found(at, `expected ${what}${got}`, weight)]
}

const readInvalid = (
  annotations: { readonly message?: unknown; readonly expected?: unknown } | undefined,
  at: Reading,
) => {
  const message = text(annotations?.message)
  return message === undefined
    ? wrong(at, text(annotations?.expected) ?? "a valid value")
    : [found(at, message)]
}

// A filter may point at a part of the value, and its own issue may already be a sentence.
const readFilter = ({ filter, issue }: SchemaIssue.Filter, at: Reading): ReadonlyArray<Finding> => {
  const own = text(filter.annotations?.message)
  if (own !== undefined) return [found(at, own)]
  const bare = issue._tag === "InvalidValue" && issue.annotations === undefined
  return bare ? wrong(at, text(filter.annotations?.expected) ?? "a valid value") : read(issue, at)
}

const missing = (at: Reading) => {
  const type = field(at.around, at.path.at(-1))
  return type === undefined ? "is required" : `is required (${name(type)})`
}

const readUnknown = (table: SchemaAST.AST, at: Reading): Finding => {
  const key = String(at.path.at(-1))
  const known =
    table._tag === "Objects" ? table.propertySignatures.map((property) => String(property.name)) : []
  return { ...found(at, `unknown key ${JSON.stringify(key)}. ${didYouMean(key, known)}`), onKey: true }
}

const readUnion = (issue: SchemaIssue.AnyOf, at: Reading): ReadonlyArray<Finding> => {
  if (issue.issues.length === 0) return readNoMember(issue.ast, at)
  const readings = issue.issues.map((inner) => read(inner, at))
  return readings.length > 1 && readings.every((reading) => isHere(reading, at))
    ? [found(at, [...new Set(readings.flat().map((finding) => finding.message))].join("; or "))]
    : lightest(readings)
}

const isHere = (reading: ReadonlyArray<Finding>, at: Reading) =>
  reading.length === 1 && reading[0]!.path.length === at.path.length

const lightest = (readings: ReadonlyArray<ReadonlyArray<Finding>>): ReadonlyArray<Finding> => {
  const weight = (reading: ReadonlyArray<Finding>) =>
    reading.reduce((sum, finding) => sum + finding.weight, 0)
  return readings.reduce((best, reading) => (weight(reading) < weight(best) ? reading : best))
}

// A wrong literal says more than a missing key: such a member was hardly meant.
const LITERAL = 10

const readNoMember = (union: SchemaAST.Union, at: Reading): ReadonlyArray<Finding> => {
  const value = valueAt(at.root, at.path)
  const tag = tagOf(union)
  if (tag !== undefined && typeof value === "object" && !Array.isArray(value)) return readTag(tag, at)
  const allowed = literals(union)
  return allowed === undefined ? wrong(at, a(union)) : readLiteral(allowed, at)
}

const readTag = (tag: LiteralTag, at: Reading): ReadonlyArray<Finding> => {
  const below = { ...at, path: [...at.path, tag.key] }
  if (valueAt(below.root, below.path) !== undefined) return readLiteral(tag.values, below)
  return [found(below, `is required (${tag.values.map(show).join(" | ")})`, LITERAL)]
}

const readLiteral = (allowed: ReadonlyArray<unknown>, at: Reading): ReadonlyArray<Finding> => {
  const value = valueAt(at.root, at.path)
  const names = allowed.filter((one) => typeof one === "string")
  const guess = at.hidden || typeof value !== "string" ? undefined : closest(value, names)
  const [finding] = wrong(at, oneOf(allowed), LITERAL)
  return [
    {
      ...finding!,
      message: finding!.message + (guess === undefined ? "" : `. Did you mean ${JSON.stringify(guess)}?`),
    },
  ]
}

const oneOf = (allowed: ReadonlyArray<unknown>) =>
  allowed.length === 1 ? show(allowed[0]) : `one of ${allowed.map(show).join(", ")}`
