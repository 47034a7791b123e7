/** Flags and words of a command line, told apart. */
import { closest } from "../../toml/Diagnostic.ts"
import { suggestion } from "../Nearest.ts"
import type { Field, Kind } from "./Command.ts"

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

export interface Scan {
  readonly values: Map<Field, Array<string>>
  readonly words: ReadonlyArray<{ readonly text: string; readonly marked: boolean }>
  readonly problems: Array<string>
}

export const scanned = (fields: ReadonlyArray<Field>, argv: ReadonlyArray<string>): Scan => {
  const values = new Map<Field, Array<string>>()
  const words: Array<{ text: string; marked: boolean }> = []
  const problems: Array<string> = []
  const give = (field: Field, text: string): void => {
    const before = values.get(field)
    if (before !== undefined && !isRepeatable(field))
      problems.push(`--${field.flag} is given twice. Give it once.`)
    values.set(field, [...(before ?? []), text])
  }
  /** Gives whether it has taken the next one for its value. */
  const flagged = (token: string, next: string | undefined): boolean => {
    const read = token.startsWith("--") ? readLong(fields, token) : readShort(fields, token)
    if (typeof read === "string") {
      problems.push(read)
      return false
    }
    let isTaken = false
    for (const { field, text } of read) {
      if (text === undefined) isTaken = takesNext(next)
      if (text === undefined && !isTaken) problems.push(valueless(field, next))
      else give(field, text ?? next ?? "")
    }
    return isTaken
  }
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at] ?? ""
    if (token === "--") {
      words.push(...argv.slice(at + 1).map((text) => ({ text, marked: true })))
      break
    }
    if (!isFlag(token)) words.push({ text: token, marked: false })
    else if (flagged(token, argv[at + 1])) at++
  }
  return { values, words, problems }
}

/** Is it a flag? `-` alone and negative numbers are values. */
export const isFlag = (token: string): boolean =>
  token.startsWith("-") && token !== "-" && !/^-\.?\d/.test(token)

const takesNext = (next: string | undefined): boolean => next !== undefined && next !== "--" && !isFlag(next)

const valueless = (field: Field, next: string | undefined): string => {
  const needed = `--${field.flag} needs a value: --${field.flag} ${hint(field)}.`
  return next === undefined || next === "--"
    ? needed
    : `${needed} If ${next.slice(0, 40)} is the value, write --${field.flag}=${next.slice(0, 40)}.`
}

export const isRepeatable = ({ kind }: Field): boolean => kind === "list" || kind === "record"

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
  const guess = closest(name, known)
  return /\s/.test(token)
    ? `${JSON.stringify(token.slice(0, 60))} starts with a dash, so it reads as a flag. Put -- before it.`
    : `Unknown flag ${name.slice(0, 60)}.${suggestion(name, guess === undefined ? own : known)}`
}

export const hint = (field: Field): string =>
  field.options.length > 0 ? field.options.join("|") : field.name.toUpperCase()
