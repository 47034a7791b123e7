/** A command's arguments, strictly: everything that is wrong with them at once. citty reads what is left. */
import { type ArgsDef, parseArgs } from "citty"
import { expected } from "../JsonSchema.ts"
import { nearest, suggestion } from "../Nearest.ts"
import type { Command, Field, Globals, Kind } from "./Command.ts"

/** What is wrong with one value, as a sentence. */
class Problem {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export interface Parsed {
  readonly input: Readonly<Record<string, unknown>>
  readonly globals: Globals
  readonly help: boolean
  readonly plain: boolean
  readonly version: boolean
  /** Fields whose value stood behind `--`. */
  readonly marked: ReadonlySet<string>
  /** Sentences; the input is of no use when there are any. */
  readonly problems: ReadonlyArray<string>
}

/** Flags of every command. */
export const globalFields: ReadonlyArray<Field> = [
  flag("json", "boolean", "Print exactly one JSON document on stdout, also for errors."),
  flag("config", "string", "Read plugins from this file instead of plugins.toml of HUB_HOME."),
  flag("quiet", "boolean", "No progress and no advice.", "q"),
  flag("verbose", "boolean", "Say more on stderr."),
  flag("no-color", "boolean", "No colours. NO_COLOR and FORCE_COLOR are known as well."),
  flag("version", "boolean", "Print the version."),
  flag("help", "boolean", "Say what a command does.", "h"),
]

function flag(name: string, kind: Kind, description: string, alias?: string): Field {
  return {
    name,
    flag: name,
    kind,
    item: "string",
    schema: { type: kind },
    options: [],
    required: false,
    alias,
    description,
  }
}

export const parse = (
  command: Pick<Command, "fields" | "positional">,
  argv: ReadonlyArray<string>,
): Parsed => {
  const scan = scanned([...command.fields, ...globalFields], argv)
  const placed = place(command, scan)
  const problems = [...scan.problems, ...placed.problems]
  const values = new Map([...scan.values, ...placed.values])
  const help = values.has(globalField("help"))
  if (!help) problems.push(...missing(command, values))
  const scalars = problems.length === 0 ? byCitty(values) : {}
  const input: Record<string, unknown> = {}
  for (const field of command.fields) {
    const texts = values.get(field)
    if (texts === undefined) continue
    const value = valueOf(field, texts, scalars[field.flag], placed.values.has(field))
    if (value instanceof Problem) problems.push(value.text)
    else input[field.name] = value
  }
  const has = (name: string): boolean => values.get(globalField(name))?.[0] === "true"
  return {
    input,
    help,
    plain: has("no-color"),
    version: has("version"),
    globals: {
      json: has("json"),
      quiet: has("quiet"),
      verbose: has("verbose"),
      config: values.get(globalField("config"))?.[0],
    },
    marked: placed.marked,
    problems: [...new Set(problems)],
  }
}

const globalField = (name: string): Field => globalFields.find((one) => one.name === name) as Field

interface Scan {
  readonly values: Map<Field, Array<string>>
  readonly words: ReadonlyArray<{ readonly text: string; readonly marked: boolean }>
  readonly problems: Array<string>
}

const scanned = (fields: ReadonlyArray<Field>, argv: ReadonlyArray<string>): Scan => {
  const values = new Map<Field, Array<string>>()
  const words: Array<{ text: string; marked: boolean }> = []
  const problems: Array<string> = []
  const give = (field: Field, text: string): void => {
    const before = values.get(field)
    if (before !== undefined && !isRepeatable(field))
      problems.push(`--${field.flag} is given twice. Give it once.`)
    values.set(field, [...(before ?? []), text])
  }
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at] ?? ""
    if (token === "--") {
      words.push(...argv.slice(at + 1).map((text) => ({ text, marked: true })))
      break
    }
    if (!isFlag(token)) {
      words.push({ text: token, marked: false })
      continue
    }
    const read = token.startsWith("--") ? readLong(fields, token) : readShort(fields, token)
    if (typeof read === "string") problems.push(read)
    else
      for (const { field, text } of read) {
        if (text !== undefined) give(field, text)
        else if (takesNext(field, argv[at + 1])) give(field, argv[++at] ?? "")
        else
          problems.push(
            `--${field.flag} needs a value: --${field.flag} ${hint(field)}.${dashed(field, argv[at + 1])}`,
          )
      }
  }
  return { values, words, problems }
}

/** Is it a flag? `-` alone and negative numbers are values. */
export const isFlag = (token: string): boolean =>
  token.startsWith("-") && token !== "-" && !/^-\.?\d/.test(token)

const takesNext = (_field: Field, next: string | undefined): boolean =>
  next !== undefined && next !== "--" && !isFlag(next)

const dashed = (field: Field, next: string | undefined): string =>
  next === undefined || next === "--"
    ? ""
    : ` If ${next.slice(0, 40)} is the value, write --${field.flag}=${next.slice(0, 40)}.`

const isRepeatable = ({ kind }: Field): boolean => kind === "list" || kind === "record"

type Read = ReadonlyArray<{ readonly field: Field; readonly text: string | undefined }> | string

const readLong = (fields: ReadonlyArray<Field>, token: string): Read => {
  const [name = "", ...rest] = token.slice(2).split("=")
  const text = rest.length === 0 ? undefined : rest.join("=")
  const field = fields.find((one) => one.flag === name)
  if (field?.kind === "boolean") return readBoolean(field, text)
  if (field !== undefined) return [{ field, text }]
  const negated = name.startsWith("no-")
    ? fields.find((one) => one.flag === name.slice(3) && one.kind === "boolean")
    : undefined
  if (negated !== undefined && text === undefined) return [{ field: negated, text: "false" }]
  return unknown(
    `--${name}`,
    token,
    fields.map((one) => `--${one.flag}`),
  )
}

const readBoolean = (field: Field, text: string | undefined): Read => {
  if (text === undefined || text === "true" || text === "false") return [{ field, text: text ?? "true" }]
  return `--${field.flag} is a switch: write --${field.flag} or --no-${field.flag}, without a value.`
}

const readShort = (fields: ReadonlyArray<Field>, token: string): Read => {
  const letter = token[1] ?? ""
  const field = fields.find((one) => one.alias === letter)
  if (field === undefined)
    return unknown(
      token.length > 2 ? token : `-${letter}`,
      token,
      fields.flatMap((one) => (one.alias === undefined ? [] : [`-${one.alias}`])),
    )
  const rest = token.slice(2)
  if (field.kind !== "boolean") return [{ field, text: rest === "" ? undefined : rest.replace(/^=/, "") }]
  if (rest === "") return [{ field, text: "true" }]
  const others = readShort(fields, `-${rest}`)
  return typeof others === "string" ? others : [{ field, text: "true" }, ...others]
}

/** A sentence that starts with a dash is more likely the prompt. */
const unknown = (name: string, token: string, known: ReadonlyArray<string>): string => {
  const common = globalFields.map(({ flag }) => `--${flag}`)
  const own = known.filter((one) => !common.includes(one))
  const guess = nearest(name, known)
  return /\s/.test(token)
    ? `${JSON.stringify(token.slice(0, 60))} starts with a dash, so it reads as a flag. Put -- before it.`
    : `Unknown flag ${name.slice(0, 60)}.${suggestion(name, guess === undefined ? own : known)}`
}

const hint = (field: Field): string =>
  field.options.length > 0 ? field.options.join("|") : field.name.toUpperCase()

interface Placed {
  readonly values: Map<Field, Array<string>>
  readonly marked: ReadonlySet<string>
  readonly problems: ReadonlyArray<string>
}

const place = (command: Pick<Command, "fields" | "positional">, { values: flags, words }: Scan): Placed => {
  const fields = command.positional.flatMap((name) => command.fields.filter((field) => field.name === name))
  const values = new Map<Field, Array<string>>()
  const marked = new Set<string>()
  const problems: Array<string> = []
  const left = [...words]
  for (const field of fields) {
    if (left.length === 0) break
    if (flags.has(field)) {
      problems.push(
        `${field.name.toUpperCase()} is given twice, as --${field.flag} and by its place. Give it once.`,
      )
    }
    const taken = isRepeatable(field) ? left.splice(0) : left.splice(0, 1)
    values.set(
      field,
      taken.map(({ text }) => text),
    )
    if (taken.some((word) => word.marked)) marked.add(field.name)
  }
  if (left.length > 0)
    problems.push(
      tooMany(
        left.map(({ text }) => text),
        fields,
      ),
    )
  return { values, marked, problems }
}

const tooMany = (left: ReadonlyArray<string>, fields: ReadonlyArray<Field>): string => {
  const shown = left
    .map((text) => JSON.stringify(text.slice(0, 40)))
    .slice(0, 3)
    .join(" ")
  const last = fields.at(-1)
  const advice =
    last === undefined
      ? "This command takes none."
      : `If it belongs to ${last.name.toUpperCase()}, put all of it in quotes.`
  return `Too many arguments: ${shown}${left.length > 3 ? " …" : ""}. ${advice}`
}

const missing = (
  command: Pick<Command, "fields" | "positional">,
  values: ReadonlyMap<Field, unknown>,
): ReadonlyArray<string> =>
  command.fields
    .filter((field) => field.required && !values.has(field))
    .map((field) =>
      command.positional.includes(field.name)
        ? `${field.name.toUpperCase()} is missing. ${field.description}`.trim()
        : `--${field.flag} ${hint(field)} is missing. ${field.description}`.trim(),
    )

/** In the form that leaves citty no room for guesses. */
const byCitty = (values: ReadonlyMap<Field, ReadonlyArray<string>>): Readonly<Record<string, unknown>> => {
  const scalars = [...values].filter(([field]) => !isRepeatable(field))
  const argv = scalars.map(([{ flag, kind }, [text]]) =>
    kind === "boolean" ? (text === "false" ? `--no-${flag}` : `--${flag}`) : `--${flag}=${text}`,
  )
  const args: ArgsDef = Object.fromEntries(
    scalars.map(([{ flag, kind }]) => [
      flag,
      { type: kind === "boolean" ? ("boolean" as const) : ("string" as const) },
    ]),
  )
  return parseArgs(argv, args)
}

const valueOf = (field: Field, texts: ReadonlyArray<string>, scalar: unknown, isPlaced: boolean): unknown => {
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
