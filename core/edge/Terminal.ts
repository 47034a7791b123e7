/** Where text for a person goes: its width, its colours, and what it may contain. */
import { Effect } from "effect"

/** What a colour means; never a colour by name. */
export type Role = "ok" | "warn" | "error" | "dim" | "strong" | "plain"

export interface Screen {
  readonly write: (text: string) => Effect.Effect<void>
  readonly isTerminal: boolean
  /** Columns; 100 where nobody says. */
  readonly width: number
  readonly paint: (role: Role, text: string) => string
}

export interface Terminal {
  /** The answer. */
  readonly out: Screen
  /** Progress, advice and errors. */
  readonly err: Screen
}

/** The part of a process's stream that a screen needs. */
export interface Sink {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string, done: () => void) => unknown
}

export interface TerminalOptions {
  readonly out: Sink
  readonly err: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** `--no-color` */
  readonly plain?: boolean | undefined
}

export const make = ({ env, err, out, plain = false }: TerminalOptions): Terminal => ({
  out: screen(out, !plain && isColored(out, env)),
  err: screen(err, !plain && isColored(err, env)),
})

// FORCE_COLOR is asked for by name, NO_COLOR holds for everything: the narrower wish wins.
const isColored = (sink: Sink, env: TerminalOptions["env"]): boolean => {
  if (isSet(env["FORCE_COLOR"])) return env["FORCE_COLOR"] !== "0"
  if (isSet(env["NO_COLOR"]) || env["TERM"] === "dumb") return false
  return sink.isTTY === true
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ""

const screen = (sink: Sink, isColored: boolean): Screen => ({
  write: (text) => Effect.callback<void>((resume) => void sink.write(text, () => resume(Effect.void))),
  isTerminal: sink.isTTY === true,
  width: Math.max(20, sink.columns ?? 100),
  paint: (role, text) =>
    isColored && role !== "plain" && text !== "" ? `\u001b[${CODES[role]}m${text}\u001b[0m` : text,
})

const CODES: Readonly<Record<Exclude<Role, "plain">, string>> = {
  ok: "32",
  warn: "33",
  error: "31",
  dim: "2",
  strong: "1",
}

/**
 * Text of an agent or a file as it may be written to a terminal: no escape sequences, no control characters but
 * line ends and tabs, nothing that turns the direction of reading. What is left of a control character is its picture.
 */
export const safe = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(SEQUENCE, "")
    .replace(CONTROL, (char) => String.fromCodePoint(0x2400 + (char.codePointAt(0) ?? 0)))
    .replace(INVISIBLE, "")

/** OSC, DCS, SOS, PM and APC up to their end; CSI; two-letter escapes. In 7 and in 8 bits. */
const SEQUENCE =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]{0,4096}(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g
const CONTROL = /[\u0000-\u0008\u000b-\u001f]/g
const INVISIBLE = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The first line, at most so many columns wide. */
export const short = (text: string, width: number): string => {
  const line = safe(text).replace(/\s+/g, " ").trim()
  return cut(line, width)
}

export const cut = (text: string, width: number): string => {
  if (Bun.stringWidth(text) <= width) return text
  let kept = ""
  let wide = 1
  for (const { segment } of letters.segment(text)) {
    wide += Bun.stringWidth(segment)
    if (wide > width) break
    kept += segment
  }
  return `${kept}…`
}

const letters = new Intl.Segmenter()

export const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)))
