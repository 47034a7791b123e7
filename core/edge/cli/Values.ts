/** What stands on a command line as the value that its field wants. */
import { expected } from "../JsonSchema.ts"
import { suggestion } from "../Nearest.ts"
import type { Field, Kind } from "./Command.ts"

/** What is wrong with one value, as a sentence. */
export class Problem {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export const valueOf = (
  field: Field,
  texts: ReadonlyArray<string>,
  scalar: unknown,
  isPlaced: boolean,
): unknown => {
  if (field.kind === "record") return recordOf(field, texts)
  if (field.kind === "list") return listOf(field, isPlaced ? texts : texts.flatMap((text) => text.split(",")))
  return field.kind === "boolean"
    ? scalar !== false
    : convert(field, field.kind, String(scalar ?? texts[0] ?? ""))
}

const listOf = (field: Field, texts: ReadonlyArray<string>): unknown => {
  const values = texts.map((text) => convert(field, field.item, text))
  return values.find((value) => value instanceof Problem) ?? values
}

/** `k=v` gives a text, `k:=v` any JSON. */
const recordOf = (field: Field, texts: ReadonlyArray<string>): unknown => {
  const record: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const text of texts) {
    const [, key = "", colon, value = ""] = /^([^=]*?)(:?)=([\s\S]*)$/.exec(text) ?? []
    if (key === "")
      return new Problem(
        `--${field.flag} ${JSON.stringify(text.slice(0, 40))} has no name. Write --${field.flag} NAME=VALUE.`,
      )
    if (Object.hasOwn(record, key)) return new Problem(`--${field.flag} gives ${key} twice. Give it once.`)
    const read = colon === ":" ? fromJson(value) : { value }
    if (read === undefined)
      return new Problem(`--${field.flag} ${key}:= must be JSON, got ${JSON.stringify(value.slice(0, 40))}.`)
    record[key] = read.value
  }
  return { ...record }
}

const convert = (field: Field, kind: Kind, text: string): unknown => {
  const wrong = new Problem(
    `--${field.flag} must be ${expected(field.kind === "list" ? itemOf(field) : field.schema)}, got ${JSON.stringify(text.slice(0, 60))}.`,
  )
  if (field.options.length > 0) {
    if (field.options.includes(text)) return text
    return new Problem(
      `--${field.flag} must be one of ${field.options.join(", ")}, got ${JSON.stringify(text.slice(0, 60))}.${close(text, field)}`,
    )
  }
  if (kind === "string") return text
  if (kind === "boolean") return text === "true" || text === "false" ? text === "true" : wrong
  if (kind === "integer" || kind === "number") {
    const value = Number(text)
    return text.trim() === "" ||
      !Number.isFinite(value) ||
      (kind === "integer" && !Number.isSafeInteger(value))
      ? wrong
      : value
  }
  const read = fromJson(text)
  return read === undefined
    ? new Problem(`--${field.flag} must be JSON, got ${JSON.stringify(text.slice(0, 60))}.`)
    : read.value
}

const itemOf = ({ schema }: Field) => schema["items"] as Readonly<Record<string, unknown>>

const close = (text: string, { options }: Field): string => {
  const guess = suggestion(text, options)
  return guess.startsWith(" Did") ? guess : ""
}

const fromJson = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
