/** One line of a file with a caret under the place that is meant. */
import type { Position } from "./Locate.ts"

const WIDTH = 120

/** Long lines are cut around the column; control characters never reach a terminal. */
export const excerpt = (text: string, { line, column }: Position): string => {
  const whole = (text.split("\n", line)[line - 1] ?? "").replace(/\r$/, "")
  const from = whole.length <= WIDTH ? 0 : Math.max(0, column - WIDTH / 2)
  const shown = printable(whole.slice(from, from + WIDTH))
  const caret = shown.slice(0, column - 1 - from).replace(/[^\t]/g, " ")
  return `${shown}\n${caret}^`
}

/** Replaces what a terminal would obey or reorder. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    "\uFFFD",
  )
