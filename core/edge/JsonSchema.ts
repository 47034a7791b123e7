/** The JSON Schema of an operation's encoded side, as clients and the command line read it. */
import { Schema } from "effect"

export type JsonSchema = Readonly<Record<string, unknown>>

/** Definitions inlined, no unknown keys. A schema that contains itself is open where it would go round. */
export const jsonSchemaOf = (schema: Schema.Top): JsonSchema => {
  const document = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  return plain(document.schema, document.definitions, [])
}

/** The root of a tool's input must be an object. */
export const inputSchemaOf = (schema: Schema.Top): JsonSchema => {
  const made = jsonSchemaOf(schema)
  return made["type"] === "object" ? made : { type: "object", properties: {}, additionalProperties: false }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const propertiesOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  isObject(schema["properties"]) ? (schema["properties"] as Readonly<Record<string, JsonSchema>>) : {}

export const requiredOf = (schema: JsonSchema): ReadonlyArray<string> =>
  Array.isArray(schema["required"]) ? (schema["required"] as ReadonlyArray<string>) : []

/** The alternatives of a schema: itself when it has no `anyOf`. */
export const membersOf = (schema: JsonSchema): ReadonlyArray<JsonSchema> => {
  const members = schema["anyOf"] ?? schema["oneOf"]
  return Array.isArray(members) ? members.filter(isObject).flatMap(membersOf) : [schema]
}

/** The schema at a path; undefined where it says nothing. */
export const schemaAt = (schema: JsonSchema, path: ReadonlyArray<PropertyKey>): JsonSchema | undefined => {
  const [head, ...rest] = path
  if (head === undefined) return schema
  const inner = membersOf(schema)
    .map((member) => child(member, head))
    .find((found) => found !== undefined)
  return inner === undefined ? undefined : schemaAt(inner, rest)
}

const child = (schema: JsonSchema, key: PropertyKey): JsonSchema | undefined => {
  const properties = propertiesOf(schema)
  if (typeof key === "string" && Object.hasOwn(properties, key)) return properties[key]
  const other = typeof key === "number" ? schema["items"] : schema["additionalProperties"]
  return isObject(other) ? other : undefined
}

/** In words, for a sentence: `an integer from 0 to 60`, `one of a, b`. */
export const expected = (schema: JsonSchema | undefined): string =>
  schema === undefined ? "another value" : [...new Set(membersOf(schema).map(expectedOne))].join(" or ")

const expectedOne = (schema: JsonSchema): string => {
  if (Array.isArray(schema["enum"])) return `one of ${schema["enum"].map(String).join(", ")}`
  if (schema["const"] !== undefined) return String(schema["const"])
  const word = WORDS[String(schema["type"])] ?? "a value"
  return `${word}${range(schema["minimum"], schema["maximum"])}${length(schema)}`
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
}

const range = (low: unknown, high: unknown): string => {
  if (low !== undefined && high !== undefined) return ` from ${String(low)} to ${String(high)}`
  if (low !== undefined) return ` of at least ${String(low)}`
  return high === undefined ? "" : ` of at most ${String(high)}`
}

const length = (schema: JsonSchema): string => {
  const [low, high] = [schema["minLength"], schema["maxLength"]]
  if (low === 1 && high === undefined) return " that is not empty"
  return low === undefined && high === undefined ? "" : `, length${range(low, high)}`
}

const plain = (node: unknown, definitions: JsonSchema, inside: ReadonlyArray<string>): JsonSchema => {
  if (!isObject(node)) return {}
  const name = referenceOf(node)
  if (name !== undefined)
    return inside.includes(name)
      ? {}
      : { ...plain(definitions[name], definitions, [...inside, name]), ...besides(node) }
  const finite = withoutNonFinite(node)
  if (finite !== node) return plain(finite, definitions, inside)
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !isImplied(node, key, value))
      .map(([key, value]) => [key, below(key, value, definitions, inside)]),
  )
}

const below = (
  key: string,
  value: unknown,
  definitions: JsonSchema,
  inside: ReadonlyArray<string>,
): unknown => {
  if (["default", "examples", "enum", "const", "required"].includes(key)) return value
  if (key === "properties" || key === "patternProperties")
    return Object.fromEntries(
      Object.entries(value as JsonSchema).map(([name, one]) => [name, plain(one, definitions, inside)]),
    )
  if (Array.isArray(value)) return value.map((one) => (isObject(one) ? plain(one, definitions, inside) : one))
  return isObject(value) ? plain(value, definitions, inside) : value
}

const referenceOf = (node: JsonSchema): string | undefined => {
  const reference = node["$ref"]
  return typeof reference === "string" ? decodeURIComponent(reference.replace(/^#\/\$defs\//, "")) : undefined
}

const besides = (node: JsonSchema): JsonSchema =>
  Object.fromEntries(Object.entries(node).filter(([key]) => key !== "$ref"))

/** JSON has no other numbers, so `"NaN"` and the like never arrive as one. */
const withoutNonFinite = (node: JsonSchema): JsonSchema => {
  const { anyOf, ...rest } = node
  if (!Array.isArray(anyOf)) return node
  const members = anyOf.filter(
    (one) => !(isObject(one) && Array.isArray(one["enum"]) && one["enum"].includes("NaN")),
  )
  if (members.length === anyOf.length) return node
  return members.length === 1 && isObject(members[0])
    ? { ...members[0], ...rest }
    : { ...rest, anyOf: members }
}

const isImplied = (node: JsonSchema, key: string, value: unknown): boolean =>
  node["type"] === "integer" &&
  ((key === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
    (key === "maximum" && value === Number.MAX_SAFE_INTEGER))
