/** Data as text for a person: tables, lists of fields, durations, times. */
import { isObject } from "./JsonSchema.ts"
import { cut, pad, type Role, safe, type Screen } from "./Terminal.ts"

/** `0 ms`, `1.2 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export const duration = (milliseconds: number): string => {
  const ms = Math.max(0, milliseconds)
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return two(seconds, 60, "min", "s")
  const minutes = Math.round(seconds / 60)
  return minutes < 1_440 ? two(minutes, 60, "h", "min") : two(Math.round(minutes / 60), 24, "d", "h")
}

const two = (small: number, size: number, large: string, unit: string): string => {
  const rest = small % size
  return `${Math.floor(small / size)} ${large}${rest === 0 ? "" : ` ${rest} ${unit}`}`
}

/** `just now`, `3 min ago`, `in 2 h`. Both in milliseconds since the epoch. */
export const relative = (at: number, now: number): string => {
  const distance = Math.abs(now - at)
  if (distance < 10_000) return "just now"
  const text = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ].flatMap(([size, unit]) =>
    distance >= Number(size) ? [`${Math.floor(distance / Number(size))} ${unit}`] : [],
  )[0]
  return at <= now ? `${text} ago` : `in ${text}`
}

/** Rows under a head. The last column gives way when the screen is narrow. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  screen: Pick<Screen, "paint" | "width" | "isTerminal">,
): string => {
  const cells = rows.map((row) => row.map((cell) => safe(cell).replace(/\s+/g, " ").trim()))
  const widths = head.map((name, column) =>
    Math.max(Bun.stringWidth(name), ...cells.map((row) => Bun.stringWidth(row[column] ?? ""))),
  )
  const line = (row: ReadonlyArray<string>, role?: Role): string => {
    const text = row.map((cell, column) =>
      column === head.length - 1 ? cell : pad(cell, widths[column] ?? 0),
    )
    const whole = text.join("  ").trimEnd()
    const fitting = screen.isTerminal ? cut(whole, screen.width) : whole
    return role === undefined ? painted(fitting, screen) : screen.paint(role, fitting)
  }
  return [line(head, "dim"), ...cells.map((row) => line(row))].join("\n")
}

/** Words that stand for a state have its colour wherever they stand alone. */
export const painted = (text: string, screen: Pick<Screen, "paint">): string =>
  text.replace(/(?<=^|\s\s)(\w+(?=\s\s|$)|[✓✗](?= ))/gm, (word) => screen.paint(ROLES[word] ?? "plain", word))

const ROLES: Readonly<Record<string, Role>> = {
  succeeded: "ok",
  "✓": "ok",
  "✗": "error",
  ready: "ok",
  ok: "ok",
  running: "warn",
  waiting: "warn",
  queued: "dim",
  warning: "warn",
  cooling: "warn",
  failed: "error",
  error: "error",
  timed_out: "error",
  cancelled: "dim",
}

export const roleOf = (state: string): Role => ROLES[state] ?? "plain"

/** Any output, where its operation has no words of its own. */
export const plainly = (output: unknown, screen: Pick<Screen, "paint" | "width" | "isTerminal">): string => {
  if (Array.isArray(output)) return list(output, screen)
  if (!isObject(output)) return scalar(output)
  const entries = Object.entries(output).filter(([, value]) => value !== undefined)
  const [only] = entries
  if (entries.length === 1 && Array.isArray(only?.[1])) return list(only[1], screen)
  if (entries.length === 0) return "(nothing)"
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries
    .map(([key, value]) => `${screen.paint("dim", pad(key, width))}  ${below(value, width, screen)}`)
    .join("\n")
}

const below = (
  value: unknown,
  indent: number,
  screen: Pick<Screen, "paint" | "width" | "isTerminal">,
): string =>
  typeof value === "object" && value !== null
    ? plainly(value, { ...screen, width: Math.max(20, screen.width - indent - 2) }).replaceAll(
        "\n",
        `\n${" ".repeat(indent + 2)}`,
      )
    : scalar(value).replaceAll("\n", `\n${" ".repeat(indent + 2)}`)

const list = (
  values: ReadonlyArray<unknown>,
  screen: Pick<Screen, "paint" | "width" | "isTerminal">,
): string => {
  if (values.length === 0) return "(none)"
  const rows = values.filter(isObject)
  if (rows.length < values.length) return values.map((value) => inline(value)).join("\n")
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return table(
    head,
    rows.map((row) => head.map((key) => inline(row[key]))),
    screen,
  )
}

const inline = (value: unknown): string => {
  if (value === undefined || value === null) return ""
  if (Array.isArray(value) && value.every((one) => typeof one !== "object"))
    return value.map(scalar).join(", ")
  return typeof value === "object" ? safe(JSON.stringify(value)) : scalar(value)
}

const scalar = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  if (typeof value === "boolean") return value ? "yes" : "no"
  return safe(String(value))
}
