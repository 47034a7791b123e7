/** A command's arguments, strictly: everything that is wrong with them at once. citty reads what is left. */
import { type ArgsDef, parseArgs } from "citty"
import type { Command, Field, Globals } from "./Command.ts"
import { globalFields, hint, isRepeatable, type Scan, scanned } from "./Flags.ts"
import { Problem, valueOf } from "./Values.ts"

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

/** What a command takes. */
interface Taken {
  readonly fields: ReadonlyArray<Field>
  readonly positional: ReadonlyArray<string>
}

export const parse = (
  { fields, positional }: Pick<Command, "fields" | "positional">,
  argv: ReadonlyArray<string>,
): Parsed => {
  const command = { fields: fields(), positional }
  const scan = scanned([...command.fields, ...globalFields], argv)
  const placed = place(command, scan)
  const problems = [...scan.problems, ...placed.problems]
  const values = new Map([...scan.values, ...placed.values])
  const help = values.has(globalField("help"))
  if (!help) problems.push(...missing(command, values, scan.problems.length > 0))
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

interface Placed {
  readonly values: Map<Field, Array<string>>
  readonly marked: ReadonlySet<string>
  readonly problems: ReadonlyArray<string>
}

const place = (command: Taken, { values: flags, words }: Scan): Placed => {
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
  command: Taken,
  values: ReadonlyMap<Field, unknown>,
  isMistaken: boolean,
): ReadonlyArray<string> =>
  command.fields
    .filter((field) => field.required && !values.has(field))
    .map((field) =>
      command.positional.includes(field.name)
        ? `${field.name.toUpperCase()} is missing. ${isMistaken ? "If what starts with a dash is it, put -- before it." : field.description}`.trim()
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
