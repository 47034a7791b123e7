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
  if (field.options.length > 0) return option(field, text)
  if (kind === "string") return text
  const read = (readers[kind] ?? fromJson)(text)
  if (read !== undefined) return read.value
  const wanted = expected(field.kind === "list" ? itemOf(field) : field.schema)
  return wrong(field, kind in readers ? wanted : "JSON", text)
}

const option = (field: Field, text: string): unknown =>
  field.options.includes(text)
    ? text
    : wrong(field, `one of ${field.options.join(", ")}`, text, close(text, field))

const wrong = ({ flag }: Field, wanted: string, text: string, guess = ""): Problem =>
  new Problem(`--${flag} must be ${wanted}, got ${JSON.stringify(text.slice(0, 60))}.${guess}`)

type Reader = (text: string) => { readonly value: unknown } | undefined

const number =
  (isOne: (value: number) => boolean): Reader =>
  (text) =>
    text.trim() !== "" && isOne(Number(text)) ? { value: Number(text) } : undefined

/** Kinds that are not written as JSON. */
const readers: Partial<Record<Kind, Reader>> = {
  boolean: (text) => (text === "true" || text === "false" ? { value: text === "true" } : undefined),
  integer: number(Number.isSafeInteger),
  number: number(Number.isFinite),
}

const itemOf = ({ schema }: Field) => schema["items"] as Readonly<Record<string, unknown>>

const close = (text: string, { options }: Field): string => {
  const guess = suggestion(text, options)
  return guess.startsWith(" Did") ? guess : ""
}

const fromJson: Reader = (text) => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
