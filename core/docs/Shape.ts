/** A schema as JSON Schema, and read from that: its keys, for a table or a sample. */
import { JsonSchema, type Schema, Schema as Schemas } from "effect"

export type Json = Readonly<Record<string, unknown>>

export interface Shape {
  readonly schema: Json
  readonly definitions: Json
}

export interface Key {
  /** `retry.times`, `event[].as`, `permission.NAME`. */
  readonly path: string
  readonly type: string
  readonly required: boolean
  /** As it would stand in the file. */
  readonly default: unknown
  readonly description: string
  readonly schema: Json
}

/** Draft 7, which editors of TOML know. Unknown keys are errors. */
export const shapeOf = (schema: Schema.Top): Shape => {
  const made = Schemas.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  const { schema: root, definitions } = JsonSchema.toDocumentDraft07(made)
  return { schema: tidy(root) as Json, definitions: tidy(definitions) as Json }
}

/** The keys of a table, those of tables inside it after it. */
export const keysOf = ({ schema, definitions }: Shape, prefix = "", depth = 0): ReadonlyArray<Key> => {
  const required = listOf(schema["required"])
  return Object.entries(tableOf(schema["properties"])).flatMap(([name, raw]) => {
    const own = follow(tableOf(raw), definitions)
    const path = `${prefix}${name}`
    const key: Key = {
      path,
      type: typeOf(own, definitions),
      required: required.includes(name),
      default: own["default"],
      description: typeof own["description"] === "string" ? own["description"] : "",
      schema: own,
    }
    return depth >= MAX_DEPTH ? [key] : [key, ...below({ schema: own, definitions }, path, depth + 1)]
  })
}

const MAX_DEPTH = 3

const below = ({ schema, definitions }: Shape, path: string, depth: number): ReadonlyArray<Key> => {
  const seen = new Map<string, Key>()
  for (const member of membersOf(schema, definitions)) {
    const inside = [
      ...keysOf({ schema: member, definitions }, `${path}.`, depth),
      ...into(member["items"], `${path}[]`, definitions, depth),
      ...into(member["additionalProperties"], `${path}.NAME`, definitions, depth),
    ]
    for (const key of inside) if (!seen.has(key.path)) seen.set(key.path, key)
  }
  return [...seen.values()]
}

const into = (raw: unknown, path: string, definitions: Json, depth: number): ReadonlyArray<Key> => {
  const members = isTable(raw) ? membersOf(raw, definitions) : []
  return members.flatMap((member) => keysOf({ schema: member, definitions }, `${path}.`, depth))
}

/** In words: `string`, `list of strings`, `` `a` or `b` ``. */
export const typeOf = (schema: Json, definitions: Json): string => {
  const words = membersOf(schema, definitions).map((member) => wordOf(member, definitions))
  return [...new Set(words)].join(" or ")
}

const wordOf = (schema: Json, definitions: Json): string => {
  const values = schema["const"] === undefined ? listOf(schema["enum"]) : [schema["const"]]
  if (values.length > 8) return "string"
  if (values.length > 0) return values.map((value) => `\`${String(value)}\``).join(", ")
  if (schema["type"] === "object") return "table"
  if (schema["type"] !== "array") return typeof schema["type"] === "string" ? schema["type"] : "value"
  const [items] = [schema["items"]].flat()
  return isTable(items) ? `list of ${plural(typeOf(items, definitions))}` : "list"
}

const plural = (word: string) =>
  /^(string|number|integer|boolean|table|value)$/.test(word) ? `${word}s` : word

/** The alternatives of a schema; itself when there are none. */
const membersOf = (schema: Json, definitions: Json): ReadonlyArray<Json> => {
  const own = follow(schema, definitions)
  const members = listOf(own["anyOf"] ?? own["oneOf"]).filter(isTable)
  return members.length === 0 ? [own] : members.flatMap((member) => membersOf(member, definitions))
}

const follow = (schema: Json, definitions: Json): Json => {
  const reference = typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1) : undefined
  const target = reference === undefined ? undefined : definitions[reference]
  return isTable(target) ? { ...target, ...schema, $ref: undefined } : schema
}

/** Leaves out what says nothing: the range of safe integers, a list's first entry that is like all others, unions of one. */
const tidy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(tidy)
  if (!isTable(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, tidy(inner)] as const)
  const kept = entries.filter(
    ([, inner]) => inner !== Number.MAX_SAFE_INTEGER && inner !== Number.MIN_SAFE_INTEGER,
  )
  return single(uniform(Object.fromEntries(kept)))
}

const uniform = (schema: Json): Json => {
  const { additionalItems, ...rest } = schema
  const [first, ...others] = listOf(schema["items"])
  return isTable(additionalItems) &&
    others.length === 0 &&
    JSON.stringify(first) === JSON.stringify(additionalItems)
    ? { ...rest, items: additionalItems }
    : schema
}

const single = (schema: Json): Json => {
  const { anyOf, ...rest } = schema
  const [only, ...others] = listOf(anyOf)
  return isTable(only) && others.length === 0 ? { ...only, ...rest } : schema
}

export const isTable = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const tableOf = (value: unknown): Json => (isTable(value) ? value : {})

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
