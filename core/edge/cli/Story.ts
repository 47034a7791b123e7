/** A run's events as lines for someone who watches. */
import type { RunEvent } from "../../services/Events.ts"
import { duration } from "../Print.ts"
import { pad, type Role, type Screen, short } from "../Terminal.ts"

interface Line {
  readonly role: Role
  readonly who: string
  readonly what: string
}

/** One line, or nothing when the event says nothing about the way the work takes. `from` is when the run began. */
export const told = (event: RunEvent, from: number, screen: Screen): string | undefined => {
  const line = lineOf(event)
  if (line === undefined) return undefined
  const head = `${duration(event.at - from).padStart(8)}  ${pad(short(line.who, 16), 12)}  `
  return (
    screen.paint("dim", head) + screen.paint(line.role, short(line.what, Math.max(20, screen.width - 24)))
  )
}

/** Every event as one line, for `runs events`. */
export const listed = (event: RunEvent, screen: Screen): string => {
  const line: Line = lineOf(event) ?? { role: "dim", who: "", what: JSON.stringify(event.data) }
  const what = line.who === "" || line.who === event.step ? line.what : `${line.who} ${line.what}`
  const at = new Date(event.at).toISOString().slice(11, 23)
  const step =
    event.step === undefined ? "" : `${event.step}${event.attempt === undefined ? "" : `#${event.attempt}`}`
  const head = `${String(event.seq).padStart(5)}  ${at}  ${pad(short(event.type, 20), 18)}  ${pad(short(step, 24), 14)}  `
  return (
    screen.paint("dim", head) +
    screen.paint(line.role, short(what, screen.isTerminal ? Math.max(20, screen.width - 58) : 200))
  )
}

const lineOf = (event: RunEvent): Line | undefined => {
  const made = LINES[event.type]?.(event)
  return made === undefined ? undefined : { who: event.step ?? "", role: "plain", ...made }
}

type Told = (event: RunEvent) => Partial<Line> & Pick<Line, "what">

const text = (event: RunEvent, key: string): string => {
  const value = event.data[key]
  return typeof value === "string" || typeof value === "number" ? String(value) : ""
}

const failure = (event: RunEvent): string => {
  const value = event.data["failure"]
  if (typeof value !== "object" || value === null) return ""
  return `${String(Reflect.get(value, "class"))}: ${String(Reflect.get(value, "message"))}`
}

const LINES: Readonly<Record<string, Told | undefined>> = {
  run_resumed: () => ({ role: "warn", what: "goes on in another hub process" }),
  candidate_chosen: (event) => ({ who: text(event, "candidate"), what: "chosen" }),
  candidate_left: (event) => ({
    who: text(event, "candidate"),
    role: "warn",
    what: `left (${text(event, "class")}): ${text(event, "because")}`,
  }),
  candidate_skipped: (event) => ({
    who: text(event, "candidate"),
    role: "warn",
    what: `skipped: ${text(event, "because")}`,
  }),
  attempt_started: (event) => ({
    who: text(event, "agent") || (event.step ?? ""),
    what: `started ${text(event, "program")}${event.data["model"] === undefined ? "" : ` (${text(event, "model")})`}`,
  }),
  attempt_adopted: () => ({ role: "warn", what: "still running after the restart: followed on" }),
  retry_scheduled: (event) => ({
    role: "warn",
    what: `again in ${duration(Number(event.data["pause_ms"] ?? 0))}: ${text(event, "because")}`,
  }),
  cooldown_started: (event) => ({
    who: text(event, "agent"),
    role: "dim",
    what: `rests after ${text(event, "class")}`,
  }),
  agent_message: (event) => ({ role: "dim", what: text(event, "text") }),
  input_required: (event) => ({
    role: "warn",
    what: `asks ${text(event, "id")}: ${text(event, "command") || text(event, "text")}`,
  }),
  input_answered: (event) => ({ role: "dim", what: `${text(event, "choice")}: ${text(event, "because")}` }),
  permission_decided: (event) => ({
    role: "dim",
    what: `${text(event, "decision")}: ${text(event, "text")} (${text(event, "because")})`,
  }),
  step_skipped: (event) => ({ role: "dim", what: `skipped: ${text(event, "because")}` }),
  step_failed: (event) => ({ role: "error", what: `failed: ${failure(event)}` }),
}
