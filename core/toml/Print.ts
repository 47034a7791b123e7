/** Writes plain values as TOML 1.0. */
import { stringify as print } from "smol-toml"

export class Unprintable extends TypeError {}

/**
 * A whole document. A property that is undefined is left out.
 *
 * Throws Unprintable for what TOML cannot hold: null, functions, class instances, half a surrogate pair,
 * integers beyond 2^53 given as bigint, more than 64 levels.
 */
export const stringify = (value: Record<string, unknown>): string => {
  const text = print(printable(value, 0))
  return text === "\n" ? "" : text
}

// Next to a number in a list a table can only be written inline.
/** A value on one line, tables inline. Throws as `stringify` does. */
export const inline = (value: unknown): string =>
  print({ v: [0, printable(value, 1)] }).slice("v = [ 0, ".length, -" ]\n".length)

/** A key as it is written, bare where that is allowed. Throws for half a surrogate pair. */
export const key = (name: string): string => print(printable({ [name]: 0 }, 0)).slice(0, -" = 0\n".length)

const MAX_DEPTH = 64

const printable = (value: unknown, depth: number): unknown => {
  if (depth > MAX_DEPTH) throw new Unprintable(`nested deeper than ${MAX_DEPTH} levels`)
  if (typeof value === "string" && !value.isWellFormed())
    throw new Unprintable("a string with half a surrogate pair")
  if (typeof value === "bigint" && !Number.isSafeInteger(Number(value)))
    throw new Unprintable("an integer beyond 2^53")
  if (Array.isArray(value)) return value.map((element) => printable(element, depth + 1))
  if (isTable(value)) return printableTable(value, depth)
  if (!isScalar(value)) throw new Unprintable(`TOML has no ${value === null ? "null" : nameOf(value)}`)
  return value
}

const printableTable = (value: Record<string, unknown>, depth: number) => {
  const table: Record<string, unknown> = Object.create(null)
  for (const [name, inner] of Object.entries(value)) {
    if (!name.isWellFormed()) throw new Unprintable("a key with half a surrogate pair")
    if (inner !== undefined) table[name] = printable(inner, depth + 1)
  }
  return table
}

/** A plain object, with or without a prototype. */
export const isTable = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const isScalar = (value: unknown) =>
  ["string", "number", "boolean", "bigint"].includes(typeof value) ||
  (value instanceof Date && !Number.isNaN(value.getTime()))

const nameOf = (value: unknown) => (typeof value === "object" ? "place for a class instance" : typeof value)
