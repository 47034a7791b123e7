/** Help: all commands in groups, one group, or one command. */
import { pad, type Screen, cut } from "../Terminal.ts"
import { globalFields } from "./Flags.ts"
import type { Command, Field } from "./Command.ts"
import { below } from "./Find.ts"

/** Groups by the first word of a command, in the order of the page. */
const GROUPS: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["Work", ["dispatch", "runs", "why"]],
  ["Who does it, and by which rules", ["agents", "agent", "projects", "project", "pipelines", "pipeline"]],
  ["Plugins", ["plugins", "plugin"]],
  ["The hub itself", []],
]

const codes =
  "Exit codes: 0 done, 1 the run failed, 2 wrong usage or input, 3 cancelled, 4 the hub cannot be reached."

/** `hub --help` */
export const overview = (
  commands: ReadonlyArray<Command>,
  version: string,
  screen: Screen,
  complete: boolean,
): string => {
  const shown = commands.filter(({ hidden }) => !hidden)
  const groups = [...GROUPS.map(([title]) => title), "From plugins"]
    .map((title) => [title, shown.filter((command) => groupOf(command) === title)] as const)
    .filter(([, inside]) => inside.length > 0)
  const width = Math.max(...shown.map((command) => label(command).length))
  const { paint } = screen
  return [
    `${paint("strong", `hub ${version}`)}  hands work to the coding agents on this machine, by rules you write.`,
    "",
    `${paint("strong", "Usage")}  hub COMMAND [ARGUMENTS] [FLAGS]`,
    "",
    `${paint("strong", "Start")}  hub init`,
    '       hub dispatch --agent claude --wait "say hello"',
    ...groups.flatMap(([title, inside]) => [
      "",
      paint("strong", title),
      ...inside.map((one) => row(label(one), firstSentence(one.summary), width, screen)),
    ]),
    "",
    paint("strong", "Flags of every command"),
    ...globalFields.map((field) => row(flagLabel(field), field.description, width, screen)),
    "",
    codes,
    `\`hub COMMAND --help\` says more.${complete ? "" : " `hub help --all` includes what plugins add."}`,
  ].join("\n")
}

const firstSentence = (text: string): string => /^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text

const groupOf = ({ path, plugin }: Command): string => {
  const group = GROUPS.find(([, words]) => words.includes(path[0] ?? ""))
  return group?.[0] ?? (plugin === "core" ? "The hub itself" : "From plugins")
}

/** `hub runs` */
export const groupHelp = (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>,
  screen: Screen,
): string => {
  const inside = below(commands, words).filter(({ hidden }) => !hidden)
  const width = Math.max(...inside.map((command) => label(command).length))
  const usage = `${screen.paint("strong", "Usage")}  hub ${words.join(" ")} COMMAND`
  return [usage, "", ...inside.map((one) => row(label(one), firstSentence(one.summary), width, screen))].join(
    "\n",
  )
}

/** `hub dispatch --help` */
export const commandHelp = (command: Command, screen: Screen): string => {
  const { paint } = screen
  const fields = command.fields()
  const placed = command.positional.flatMap((name) => fields.filter((field) => field.name === name))
  const flags = fields.filter(({ name }) => !command.positional.includes(name))
  const width = Math.max(
    ...[...placed.map(placeLabel), ...[...flags, ...globalFields].map(flagLabel)].map(({ length }) => length),
  )
  const rows = (title: string, fields: ReadonlyArray<Field>, name: (field: Field) => string) =>
    fields.length === 0
      ? []
      : ["", paint("strong", title), ...fields.map((field) => row(name(field), about(field), width, screen))]
  return [
    `${paint("strong", "Usage")}  hub ${label(command)}${flags.length === 0 ? "" : " [FLAGS]"}`,
    "",
    command.summary,
    ...rows("Arguments", placed, placeLabel),
    ...rows("Flags", flags, flagLabel),
    ...rows("Flags of every command", globalFields, flagLabel),
    ...(command.examples.length === 0
      ? []
      : ["", paint("strong", "Examples"), ...command.examples.map((one) => `  ${one}`)]),
    ...(placed.length === 0 ? [] : ["", "An argument that starts with a dash goes behind `--`."]),
    "",
    codes,
  ].join("\n")
}

const label = (command: Command): string =>
  [
    ...command.path,
    ...command.positional.map((name) => {
      const field = command.fields().find((one) => one.name === name)
      const place = `${name.toUpperCase()}${field?.kind === "list" ? "…" : ""}`
      return field?.required === true ? place : `[${place}]`
    }),
  ].join(" ")

const placeLabel = ({ name }: Field): string => name.toUpperCase()

const flagLabel = (field: Field): string =>
  `${field.alias === undefined ? "    " : `-${field.alias}, `}--${isOn(field) ? "no-" : ""}${field.flag}${valueHint(field)}`

/** A switch that is on is only ever turned off. */
const isOn = ({ kind, schema }: Field): boolean => kind === "boolean" && schema["default"] === true

const valueHint = (field: Field): string => {
  if (field.kind === "boolean") return ""
  if (field.options.length > 0 && field.options.length < 8) return ` ${field.options.join("|")}`
  if (field.kind === "record") return " NAME=VALUE"
  if (field.kind === "list") return field.item === "string" ? " A,B" : " N,N"
  return field.kind === "integer" || field.kind === "number"
    ? " N"
    : field.kind === "json"
      ? " JSON"
      : ` ${field.name.toUpperCase()}`
}

const about = (field: Field): string => {
  const initial = field.schema["default"]
  const notes = [
    ...(field.required ? ["required"] : []),
    ...(initial === undefined || field.kind === "boolean" ? [] : [`default ${JSON.stringify(initial)}`]),
    ...(isOn(field) ? ["on unless turned off"] : []),
    ...(field.kind === "record" ? ["NAME:=JSON for other values than text", "may be repeated"] : []),
    ...(field.kind === "list" ? ["may be repeated"] : []),
    ...(field.options.length >= 8 ? [`one of ${field.options.join(", ")}`] : []),
  ]
  return `${field.description}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`.trim()
}

/** A left column, and a right one that is broken between words. */
const row = (left: string, right: string, width: number, screen: Screen): string => {
  const column = Math.min(width, 34)
  const room = Math.max(24, screen.width - column - 4)
  const [first = "", ...rest] = broken(right, room)
  const head = left.length > column ? `  ${left}\n${" ".repeat(column + 4)}` : `  ${pad(left, column)}  `
  return [head + first, ...rest.map((line) => " ".repeat(column + 4) + line)].join("\n").trimEnd()
}

const broken = (text: string, width: number): ReadonlyArray<string> =>
  text.split(/\s+/).reduce<Array<string>>((lines, word) => {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(cut(word, width))
    return lines
  }, [])
