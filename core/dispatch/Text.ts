/** Runs as plain text for a person. */
import { Duration } from "effect"
import type { RunEvent } from "../services/Events.ts"
import * as Choosing from "./Choosing.ts"
import type { AttemptView, OpenQuestion, RunView } from "./Model.ts"

/** Columns of equal width, two spaces apart; the last one as long as it is. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("  "),
    )
    .join("\n")
}

/** `1.2 s`, `3 min 4 s` */
export const span = (millis: number): string => {
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`
  return Duration.format(Duration.seconds(Math.round(millis / 1000)))
}

/** One line, at most `width` characters. */
export const brief = (text: string, width: number): string => {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

const attemptLine = (attempt: AttemptView): ReadonlyArray<string> => [
  `  ${attempt.attempt}`,
  attempt.step,
  attempt.agent ?? "(command)",
  attempt.failure?.class ?? attempt.state,
  span(attempt.duration_ms),
  brief(attempt.failure?.message ?? "", 100),
]

export const run = (view: RunView): string =>
  [
    `${view.run_id}  ${view.state}  ${span(view.duration_ms)}  ${view.pipeline}`,
    `  ${view.project === undefined ? "" : `${view.project}: `}${view.cwd}`,
    `  ${brief(view.prompt, 100)}`,
    ...(view.attempts.length === 0 ? [] : [table(view.attempts.map(attemptLine))]),
    ...Object.entries(view.questions ?? {}).map(([id, one]) => question(view.run_id, id, one)),
    ...(view.failure === undefined ? [] : [`failed: ${view.failure.class}: ${view.failure.message}`]),
    ...(view.answered_by === undefined ? [] : [`answered by ${view.answered_by}:`]),
    ...(view.answer === undefined ? [] : ["", view.answer]),
    ...(view.answer_ref === undefined
      ? []
      : [
          "",
          `(the end of ${view.answer_ref.bytes} bytes; the whole: ${view.answer_ref.file} below HUB_HOME)`,
        ]),
  ].join("\n")

const indented = (text: string): string => text.replaceAll(/^/gm, "  ")

/** What is asked, all of it, and how to answer. */
const question = (run_id: string, id: string, one: OpenQuestion): string =>
  [
    `${one.agent} asks (${id}), until ${one.expires_at}:`,
    indented(Choosing.described(one)),
    `  answer: hub answer ${run_id} ${Choosing.sayable(one.choices).join("|")} ${id}`,
  ].join("\n")

const told: Readonly<Record<string, (data: Readonly<Record<string, unknown>>) => unknown>> = {
  attempt_started: ({ agent, program }) => `${String(agent ?? program)} starts`,
  candidate_left: ({ because, candidate }) => `${String(candidate)} is left: ${String(because)}`,
  candidate_skipped: ({ because, candidate }) => `${String(candidate)} is passed over: ${String(because)}`,
  retry_scheduled: ({ because }) => `again soon: ${String(because)}`,
  command_started: ({ command }) => `runs ${String(command)}`,
  tool_started: ({ tool }) => `uses ${String(tool)}`,
  input_required: ({ text }) => `asks: ${String(text)}`,
  agent_message: ({ text }) => text,
}

/** What happens, in one line of at most 120 characters, for whoever waits; nothing for an event that tells them nothing. */
export const happening = ({ data, step, type }: RunEvent): string | undefined => {
  const text = told[type]?.(data)
  if (typeof text !== "string" || text.trim() === "") return undefined
  return brief(step === undefined ? text : `${step}: ${text}`, 120)
}

const time = (at: number): string => new Date(at).toISOString().slice(11, 23)

const detail = (data: Readonly<Record<string, unknown>>): string => {
  const { text } = data
  return brief(typeof text === "string" ? text : JSON.stringify(data), 160)
}

export const event = (one: RunEvent): string => {
  const step =
    one.step === undefined ? "" : `${one.step}${one.attempt === undefined ? "" : `#${one.attempt}`}`
  return `${String(one.seq).padStart(5)}  ${time(one.at)}  ${one.type.padEnd(18)}  ${step.padEnd(14)}  ${detail(one.data)}`
}
