/** What a schema expects, in the words of a person who writes TOML. */
import { SchemaAST } from "effect"

/** For a sentence: `a string`, `a list`, `"a" or "b"`. */
export const a = (ast: SchemaAST.AST): string => {
  const words = parts(ast).map((part) => ARTICLE[part] ?? (part.startsWith("list") ? `a ${part}` : part))
  return words.length < 2 ? (words[0] ?? "nothing") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
}

/** For a label: `string`, `list of strings`, `"a" | "b"`. */
export const name = (ast: SchemaAST.AST): string => parts(ast).join(" | ")

const ARTICLE: Record<string, string> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  table: "a table",
}

const parts = (ast: SchemaAST.AST): ReadonlyArray<string> => [...new Set(membersOf(ast).map(part))]

const part = (ast: SchemaAST.AST): string => {
  const own = ast.annotations?.["expected"]
  if (typeof own === "string") return own
  switch (ast._tag) {
    case "String":
    case "TemplateLiteral":
      return "string"
    case "Number":
      return isInteger(ast) ? "integer" : "number"
    case "Boolean":
      return "boolean"
    case "Literal":
      return show(ast.literal)
    case "Objects":
    case "ObjectKeyword":
      return "table"
    case "Arrays":
      return list(ast)
    case "Enum":
      return ast.enums.map(([, value]) => show(value)).join(" | ")
    case "Never":
      return "nothing"
    default:
      return "value"
  }
}

const isInteger = (ast: SchemaAST.AST) =>
  ast.checks?.some((check) => check.annotations?.["expected"] === "an integer") ?? false

const PLURAL: Record<string, string> = {
  string: "strings",
  number: "numbers",
  integer: "integers",
  boolean: "booleans",
  table: "tables",
}

const list = (ast: SchemaAST.Arrays) => {
  const inner = ast.rest[0] === undefined ? undefined : name(ast.rest[0])
  return inner !== undefined && PLURAL[inner] !== undefined ? `list of ${PLURAL[inner]}` : "list"
}

/** The forms a value may take on its encoded side: members of unions, and of unions in unions. */
const membersOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  const encoded = SchemaAST.toEncoded(ast)
  if (SchemaAST.isSuspend(encoded)) return membersOf(encoded.thunk())
  if (SchemaAST.isUnion(encoded)) return encoded.types.flatMap(membersOf)
  return SchemaAST.isUndefined(encoded) ? [] : [encoded]
}

/** The schema of one key, or of one place in a list. */
export const field = (around: SchemaAST.AST | undefined, key: string | number | undefined) => {
  if (around?._tag === "Arrays") return typeof key === "number" ? around.elements[key] : undefined
  if (around?._tag !== "Objects") return undefined
  return around.propertySignatures.find((property) => property.name === key)?.type
}

/** The values a union of literals allows; undefined for any other union. */
export const literals = (union: SchemaAST.AST): ReadonlyArray<SchemaAST.LiteralValue> | undefined => {
  const members = membersOf(union)
  return members.every(SchemaAST.isLiteral) ? members.map((member) => member.literal) : undefined
}

export interface LiteralTag {
  readonly key: string
  readonly values: ReadonlyArray<SchemaAST.LiteralValue>
}

/** The key by which the tables of a union are told apart, and its allowed values. */
export const tagOf = (union: SchemaAST.AST): LiteralTag | undefined => {
  const tables = membersOf(union).filter(SchemaAST.isObjects)
  for (const property of tables[0]?.propertySignatures ?? []) {
    const values = tables.map((table) => literals(field(table, String(property.name)) ?? table))
    if (values.every((value) => value !== undefined))
      return { key: String(property.name), values: values.flat() }
  }
  return undefined
}

/** A value in an error: short, strings quoted, lists and tables only named. */
export const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value)
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`
  if (value === undefined) return "nothing"
  return typeof value === "object" && value !== null ? "a table" : String(value)
}

/** Says whether values of this schema must not be repeated in an error. */
export const isSecret = (ast: SchemaAST.AST): boolean => {
  const representation = ast.annotations?.["representation"] as { readonly id?: unknown } | undefined
  return representation?.id === "effect/schema/Redacted"
}
