/** Everything that is wrong with an input, each with its place and what was expected. */
import type { SchemaIssue } from "effect"
import { expected, isObject, type JsonSchema, membersOf, propertiesOf, schemaAt } from "./JsonSchema.ts"
// Its own files, not the room's front: a TOML library would be loaded before the first answer.
import { closest, formatPath } from "../toml/Diagnostic.ts"
import { isSecret, show } from "../toml/Expected.ts"
import type { Path } from "../toml/Locate.ts"
import { valueAt } from "../toml/Value.ts"
import { suggestion } from "./Nearest.ts"

export interface Wrong {
  /** `input.fallback[1]`; empty for the input as a whole. */
  readonly path: string
  readonly message: string
}

/** `schema` is the JSON Schema of what was decoded, `input` what came. */
export const wrongs = (
  issue: SchemaIssue.Issue,
  schema: JsonSchema,
  input: unknown,
): ReadonlyArray<Wrong> => {
  const found = leaves(issue, { schema, input, path: [], hidden: false })
  return [...new Map(found.map((wrong) => [`${wrong.path} ${wrong.message}`, wrong])).values()]
}

/** One sentence for each, most telling first. */
export const sentence = (found: ReadonlyArray<Wrong>): string =>
  found.map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)).join("\n")

interface At {
  readonly schema: JsonSchema
  readonly input: unknown
  readonly path: Path
  /** A secret stands there and is not repeated. */
  readonly hidden: boolean
}

const leaves = (issue: SchemaIssue.Issue, at: At): ReadonlyArray<Wrong> => {
  switch (issue._tag) {
    case "Pointer":
      return leaves(issue.issue, { ...at, path: [...at.path, ...issue.path.map(part)] })
    case "Composite":
      return issue.issues.flatMap((one) => leaves(one, at))
    case "Encoding":
      return leaves(issue.issue, { ...at, hidden: at.hidden || isSecret(issue.ast) })
    case "AnyOf":
      return union(issue.issues, at)
    case "Filter":
      return [filtered(issue, at)]
    case "MissingKey":
      return [wrong(at, `is required (${expected(schemaAt(at.schema, at.path))})`)]
    case "UnexpectedKey":
      return [unknownKey(at)]
    case "InvalidValue":
    case "InvalidType":
    case "Forbidden":
    case "OneOf":
      return [wrong(at, told(issue) ?? mismatch(at))]
  }
}

const part = (key: PropertyKey) => (typeof key === "symbol" ? String(key) : key)

const wrong = (at: At, message: string): Wrong => ({ path: formatPath(at.path), message })

const mismatch = (at: At, what = expected(schemaAt(at.schema, at.path))): string => {
  const got = at.hidden ? "" : `, got ${shown(valueAt(at.input, at.path))}`
  return `expected ${what}${got}${closeTo(at)}`
}

/** JSON has another word for a table. */
const shown = (value: unknown): string => (isObject(value) ? "an object" : show(value))

const closeTo = (at: At): string => {
  const value = valueAt(at.input, at.path)
  const names = membersOf(schemaAt(at.schema, at.path) ?? {}).flatMap((one) =>
    Array.isArray(one["enum"]) ? one["enum"] : [],
  )
  if (at.hidden || typeof value !== "string" || names.length === 0) return ""
  const guess = closest(value, names.map(String))
  return guess === undefined ? "" : `. Did you mean ${guess}?`
}

const unknownKey = (at: At): Wrong => {
  const key = String(at.path.at(-1))
  const around = schemaAt(at.schema, at.path.slice(0, -1)) ?? {}
  return wrong(
    at,
    `unknown key.${suggestion(
      key,
      membersOf(around).flatMap((one) => Object.keys(propertiesOf(one))),
    )}`,
  )
}

/** The member that was meant is the one with the fewest errors below this place. */
const union = (issues: ReadonlyArray<SchemaIssue.Issue>, at: At): ReadonlyArray<Wrong> => {
  const own = formatPath(at.path)
  const deeper = issues
    .map((one) => leaves(one, at))
    .filter((found) => found.some(({ path }) => path !== own))
  return deeper.sort((a, b) => a.length - b.length)[0] ?? [wrong(at, mismatch(at))]
}

const filtered = (issue: SchemaIssue.Filter, at: At): Wrong => {
  const own = text(issue.filter.annotations?.["message"]) ?? told(issue.issue)
  if (own !== undefined) return wrong(at, own)
  const known = schemaAt(at.schema, at.path)
  const what = known === undefined || isBare(known) ? text(issue.filter.annotations?.["expected"]) : undefined
  return wrong(at, mismatch(at, what))
}

/** Says the schema no more than a type? Then the filter's own words are better. */
const isBare = (schema: JsonSchema): boolean =>
  !["enum", "minimum", "maximum", "minLength", "maxLength"].some((key) => schema[key] !== undefined)

const told = (issue: SchemaIssue.Issue): string | undefined =>
  "annotations" in issue && isObject(issue.annotations)
    ? (text(issue.annotations["message"]) ?? expecting(issue.annotations["expected"]))
    : undefined

const expecting = (what: unknown): string | undefined =>
  typeof what === "string" ? `expected ${what}` : undefined

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)
