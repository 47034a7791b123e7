/** What the keywords of JSON Schema take. The importer passes over a value that is of no use to it, and would check nothing. */
import { Predicate, type Schema } from "effect"

export interface Fault {
  readonly path: ReadonlyArray<string | number>
  readonly issue: string
}

type Json = Schema.Json

/** Deeper than any schema that somebody wrote, and far from where a stack ends. */
const DEEPEST = 100

/** Every value that JSON Schema does not allow where it stands. A keyword that is not known may say what it likes. */
export const faults = (shape: Schema.JsonObject): ReadonlyArray<Fault> =>
  isDeeper(shape, DEEPEST)
    ? [{ path: [], issue: `it is nested deeper than ${DEEPEST} levels` }]
    : inside({ shape, ending: new Set() }, shape, [])

/** The whole, and those of its parts that are known to refer to an end. */
interface Whole {
  readonly shape: Schema.JsonObject
  readonly ending: Set<Json>
}

/** Level by level, for what is asked is whether a stack would do. */
const isDeeper = (value: Json, most: number): boolean => {
  let level: ReadonlyArray<Json> = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((one) => (Predicate.isObject(one) ? Object.values(one as Schema.JsonObject) : []))
  }
  return false
}

const inside = (whole: Whole, schema: Json, path: Fault["path"]): ReadonlyArray<Fault> => {
  if (Predicate.isBoolean(schema)) return []
  if (!isTable(schema))
    return [{ path, issue: `${shown(schema)} stands for a schema, which is a table, true or false` }]
  if (isEndless(whole, schema, [])) return [{ path, issue: "it refers to itself without end" }]
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const at = [...path, keyword]
    const expected = Object.hasOwn(plain, keyword) ? plain[keyword]?.(value) : undefined
    return expected === undefined ? below(whole, keyword, value, at) : [wrong(at, expected)]
  })
}

const below = (whole: Whole, keyword: string, value: Json, at: Fault["path"]): ReadonlyArray<Fault> => {
  const each = (of: object): ReadonlyArray<Fault> =>
    Object.entries(of).flatMap(([key, one]) =>
      inside(whole, one as Json, [...at, Array.isArray(of) ? Number(key) : key]),
    )
  if (keyword === "items" || single.has(keyword))
    return keyword === "items" && Array.isArray(value) ? each(value) : inside(whole, value, at)
  if (listed.has(keyword))
    return Array.isArray(value) && value.length > 0
      ? each(value)
      : [wrong(at, `must be a list of schemas, with one at least, not ${shown(value)}`)]
  if (!named.has(keyword)) return []
  return isTable(value) ? each(value) : [wrong(at, `must be a table of schemas, not ${shown(value)}`)]
}

const wrong = (path: Fault["path"], expected: string): Fault => ({
  path,
  issue: `"${String(path.at(-1))}" ${expected}`,
})

/** Whether asking it asks it again, about the same value: nothing would ever come of that. */
const isEndless = (whole: Whole, schema: Json, around: ReadonlyArray<Json>): boolean => {
  if (!isTable(schema) || whole.ending.has(schema)) return false
  if (around.includes(schema) || around.length > DEEPEST) return true
  const found = sameValue(whole.shape, schema).some((one) => isEndless(whole, one, [...around, schema]))
  if (!found) whole.ending.add(schema)
  return found
}

/** The schemas that are asked about the same value. */
const sameValue = (shape: Schema.JsonObject, schema: Schema.JsonObject): ReadonlyArray<Json> => {
  const all = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => schema[keyword] ?? [])
  const { $ref: reference } = schema
  return Predicate.isString(reference) && reference.startsWith("#") ? [target(shape, reference), ...all] : all
}

/** Where a pointer leads; nothing to look into when it leads nowhere, which the importer says. */
const target = (shape: Schema.JsonObject, reference: string): Json => {
  const tokens = decoded(reference).split("/").slice(1)
  return tokens.reduce<Json>((at, token) => {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~")
    return Predicate.isObject(at) && Object.hasOwn(at, key) ? ((at as Schema.JsonObject)[key] ?? null) : null
  }, shape)
}

const decoded = (reference: string): string => {
  try {
    return decodeURIComponent(reference)
  } catch {
    return reference
  }
}

const isTable = (value: Json): value is Schema.JsonObject =>
  Predicate.isObject(value) && !Array.isArray(value)

const single = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
])

const listed = new Set(["allOf", "anyOf", "oneOf", "prefixItems"])

const named = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"])

/** Gives the end of a sentence about what the keyword must be. */
type Rule = (value: Json) => string | undefined

const takes =
  (expected: string, holds: (value: Json) => boolean): Rule =>
  (value) =>
    holds(value) ? undefined : `must be ${expected}, not ${shown(value)}`

const shown = (value: Json): string => {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

const types = ["array", "boolean", "integer", "null", "number", "object", "string"]

const areDifferent = (value: ReadonlyArray<Json>) => new Set(value).size === value.length
const isType = (value: Json) => Predicate.isString(value) && types.includes(value)
const isTexts = (value: Json) =>
  Array.isArray(value) && value.every(Predicate.isString) && areDifferent(value)

const isPattern = (value: string): boolean => {
  try {
    return new RegExp(value, "u") instanceof RegExp
  } catch {
    return false
  }
}

const text = takes("a text", Predicate.isString)
const pattern = takes(
  "a regular expression of ECMAScript, in Unicode mode",
  (value) => Predicate.isString(value) && isPattern(value),
)
const yes = takes("true or false", Predicate.isBoolean)
const number = takes("a number", Predicate.isNumber)
const count = takes("a whole number, 0 or more", (value) => Number.isInteger(value) && Number(value) >= 0)

const all = (rule: Rule, ...keywords: ReadonlyArray<string>) =>
  Object.fromEntries(keywords.map((keyword) => [keyword, rule]))

const plain: Readonly<Record<string, Rule>> = {
  ...all(text, "$schema", "$id", "$ref", "$anchor", "$comment", "title", "description", "format"),
  ...all(yes, "uniqueItems", "deprecated", "readOnly", "writeOnly"),
  ...all(number, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...all(count, "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains"),
  ...all(count, "minProperties", "maxProperties"),
  pattern,
  multipleOf: takes("a number above 0", (value) => Predicate.isNumber(value) && value > 0),
  type: takes(
    `one of ${types.join(", ")}, or a list of them`,
    (value) =>
      isType(value) ||
      (Array.isArray(value) && value.length > 0 && value.every(isType) && areDifferent(value)),
  ),
  enum: takes("a list of values, with one at least", (value) => Array.isArray(value) && value.length > 0),
  required: takes("a list of different names", isTexts),
  dependentRequired: takes(
    "a table of lists of different names",
    (value) => isTable(value) && Object.values(value).every(isTexts),
  ),
}
