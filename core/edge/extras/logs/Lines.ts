/** A line of the log as it is read again: which ones are wanted, and how a person sees them. */
import { type Level, levels } from "../../../services/Log.ts"
import { isObject } from "../../JsonSchema.ts"
import { pad, type Role, safe, type Screen } from "../../Terminal.ts"

export interface Line {
  /** As it stands in the file. */
  readonly raw: string
  /** ISO 8601; empty where the line is no line of ours: a disk that was full leaves halves. */
  readonly time: string
  readonly level: string
  readonly component: string
  readonly message: string
  readonly cause: string | undefined
  /** Run, attempt, client and whatever else was said. */
  readonly facts: Readonly<Record<string, unknown>>
}

export const parse = (raw: string): Line => {
  const { cause, component, level, message, time, ...facts } = record(raw) ?? { message: raw }
  return {
    raw,
    time: text(time),
    level: text(level),
    component: text(component),
    message: text(message),
    cause: cause === undefined ? undefined : text(cause),
    facts,
  }
}

const record = (raw: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(raw)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const text = (value: unknown): string => {
  if (value === undefined) return ""
  return typeof value === "string" ? value : JSON.stringify(value)
}

export interface Wish {
  /** At least as bad as this. */
  readonly level?: Level | undefined
  /** Its id, or the end of it. */
  readonly run?: string | undefined
  /** `plugin` is every plugin. */
  readonly component?: string | undefined
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined
}

export const isWanted =
  ({ component, level, run, since }: Wish) =>
  (line: Line): boolean =>
    (level === undefined || rank(line.level) >= rank(level)) &&
    (run === undefined || text(line.facts["run"]).endsWith(run)) &&
    (component === undefined || `${line.component}:`.startsWith(`${component}:`)) &&
    (since === undefined || Date.parse(line.time) >= since)

const rank = (level: string): number => levels.findIndex((one) => one === level)

const roles: Readonly<Record<string, Role>> = {
  trace: "dim",
  debug: "dim",
  warn: "warn",
  error: "error",
  fatal: "error",
}

/** Time of this machine, level, where from, what, and the facts. Further lines are indented. */
export const shown = (line: Line, { paint }: Pick<Screen, "paint">): string => {
  const { cause, component, facts, level, message, time } = line
  if (time === "") return safe(line.raw)
  const head = `${paint("dim", local(time))} ${paint(roles[level] ?? "plain", pad(safe(level), 5))}`
  const told = Object.entries(facts).map(([key, value]) => `${key}=${word(value)}`)
  const tail = told.length === 0 ? "" : `  ${paint("dim", safe(told.join(" ")))}`
  const trace = cause === undefined ? "" : `\n${indented(cause)}`
  return `${head} ${pad(safe(component), 8)}  ${indented(message).trimStart()}${tail}${trace}`
}

const indented = (lines: string): string => safe(lines).trimEnd().replace(/^/gm, "    ")

const word = (value: unknown): string => {
  const plain = text(value)
  return typeof value === "string" && /[\s="]/.test(plain) ? JSON.stringify(plain) : plain
}

const local = (time: string): string => {
  const at = new Date(time)
  const two = (value: number, width = 2) => String(value).padStart(width, "0")
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`
}
