/** Why a run went the way it went: its routing decisions, read from its events. */
import { Schema } from "effect"
import type { RunEvent } from "../services/Events.ts"

export const Decision = Schema.Struct({
  /** The event it was read from. */
  seq: Schema.Int,
  /** ISO 8601, UTC. */
  at: Schema.String,
  /** Since the run's first event. */
  after_ms: Schema.Number,
  step: Schema.optionalKey(Schema.String),
  decision: Schema.Literals([
    "resumed",
    "condition",
    "skipped",
    "chosen",
    "passed_over",
    "left",
    "retry",
    "attempt",
    "cooldown",
    "ended",
  ]),
  /** The candidate of a fallback. */
  candidate: Schema.optionalKey(Schema.String),
  agent: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int),
  /** What decided: one clause. */
  rule: Schema.String,
  /** What it was decided from: sentences and last lines. */
  evidence: Schema.Array(Schema.String),
  /** How long the candidate or the attempt took. */
  duration_ms: Schema.optionalKey(Schema.Number),
})
export type Decision = typeof Decision.Type

type Data = RunEvent["data"]
type Reading = Pick<Decision, "decision" | "rule" | "evidence"> & Partial<Decision>

/** In the order of the events. Events that decide nothing are passed over. */
export const decisions = (events: ReadonlyArray<RunEvent>): ReadonlyArray<Decision> => {
  const began = events[0]?.at ?? 0
  const chosen = new Map<string, number>()
  const found: Array<Decision> = []
  for (const event of events) {
    const reading = readers[event.type]?.(event.data)
    if (reading === undefined) continue
    found.push({ ...placed(event, began), ...reading, ...taken(event, reading, chosen) })
  }
  return found
}

const placed = ({ seq, at, step, attempt }: RunEvent, began: number) => ({
  seq,
  at: new Date(at).toISOString(),
  after_ms: at - began,
  ...(step === undefined ? {} : { step }),
  ...(attempt === undefined ? {} : { attempt }),
})

/** From the choice of a candidate to its end. */
const taken = (event: RunEvent, { decision, candidate }: Reading, chosen: Map<string, number>) => {
  const key = `${event.step} ${candidate}`
  if (decision === "chosen") chosen.set(key, event.at)
  const since = chosen.get(key)
  return decision === "left" && since !== undefined ? { duration_ms: event.at - since } : {}
}

const text = (data: Data, key: string): string => (typeof data[key] === "string" ? data[key] : "")
const number = (data: Data, key: string): number | undefined =>
  typeof data[key] === "number" ? data[key] : undefined

const named = (data: Data, ...keys: ReadonlyArray<"candidate" | "agent">) =>
  Object.fromEntries(keys.flatMap((key) => (text(data, key) === "" ? [] : [[key, text(data, key)]])))

const failureOf = (data: Data): Data | undefined =>
  typeof data["failure"] === "object" && data["failure"] !== null ? (data["failure"] as Data) : undefined

const evidenceOf = (failure: Data | undefined): ReadonlyArray<string> => {
  if (failure === undefined) return []
  const lines = Array.isArray(failure["evidence"]) ? failure["evidence"].map(String) : []
  return [text(failure, "message"), ...lines].filter((line) => line !== "")
}

const until = (ms: number | undefined) => (ms === undefined ? [] : [`until ${new Date(ms).toISOString()}`])

const nth = (data: Data) => {
  const of = number(data, "of")
  return `candidate ${(number(data, "index") ?? 0) + 1}${of === undefined ? "" : ` of ${of}`}`
}

const ended =
  (rule: (data: Data) => string) =>
  (data: Data): Reading => ({ decision: "ended", rule: rule(data), evidence: evidenceOf(failureOf(data)) })

const readers: Readonly<Record<string, (data: Data) => Reading>> = {
  run_resumed: () => ({ decision: "resumed", rule: "another hub process took it up", evidence: [] }),
  condition_evaluated: (data) => ({
    decision: "condition",
    rule: `${text(data, "condition")} ${data["holds"] === true ? "holds" : "does not hold"}`,
    evidence: [text(data, "because")],
  }),
  step_skipped: (data) => ({ decision: "skipped", rule: text(data, "because"), evidence: [] }),
  candidate_chosen: (data) => ({
    decision: "chosen",
    ...named(data, "candidate", "agent"),
    rule: text(data, "because") || nth(data),
    evidence: [],
  }),
  candidate_skipped: (data) => ({
    decision: "passed_over",
    ...named(data, "candidate"),
    rule: text(data, "because"),
    evidence: until(number(data, "cooling_until")),
  }),
  candidate_left: (data) => ({
    decision: "left",
    ...named(data, "candidate"),
    rule: text(data, "because"),
    evidence: evidenceOf(failureOf(data)),
  }),
  retry_scheduled: (data) => ({
    decision: "retry",
    rule: text(data, "because"),
    evidence: [`attempt ${number(data, "attempt") ?? "?"} in ${span(number(data, "pause_ms") ?? 0)}`],
  }),
  attempt_ended: (data) => ({
    decision: "attempt",
    ...named(data, "agent"),
    rule: [text(data, "state"), text(failureOf(data) ?? {}, "class")]
      .filter((word) => word !== "")
      .join(": "),
    evidence: evidenceOf(failureOf(data)),
    ...(number(data, "duration_ms") === undefined ? {} : { duration_ms: number(data, "duration_ms")! }),
  }),
  cooldown_started: (data) => ({
    decision: "cooldown",
    ...named(data, "agent"),
    rule: `${text(data, "agent")} is left alone after ${text(data, "class")}`,
    evidence: until(number(data, "until")),
  }),
  run_succeeded: ended((data) => {
    const by = text(data, "answered_by")
    return by === "" ? "succeeded, every step was skipped" : `succeeded, answered by ${by}`
  }),
  run_failed: ended((data) => `failed: ${text(failureOf(data) ?? {}, "class")}`),
  run_timed_out: ended(() => "timed out"),
  run_cancelled: ended(() => "cancelled"),
}

/** For a person: one line for each decision, its evidence below it. */
export const print = (found: ReadonlyArray<Decision>): string => {
  const width = Math.min(24, Math.max(0, ...found.map(({ step }) => step?.length ?? 0)))
  const told = new Set<string>()
  return found.map((decision) => paragraph(decision, untold(decision, told), width)).join("\n")
}

/** A line of evidence often stands in the sentence before it; and why a candidate is left, its last attempt has said. */
const untold = ({ decision, evidence }: Decision, told: Set<string>): ReadonlyArray<string> => {
  const lines = evidence.filter(
    (line, at) => !evidence.slice(0, at).some((above) => above.includes(line.trim())),
  )
  const isRepeated = (line: string, at: number) =>
    told.has(line) && (decision === "left" || (decision === "ended" && at > 0))
  const shown = lines.filter((line, at) => !isRepeated(line, at))
  for (const line of shown) told.add(line)
  return decision === "cooldown" ? [] : shown
}

const paragraph = (decision: Decision, evidence: ReadonlyArray<string>, width: number): string => {
  const head = `${span(decision.after_ms).padStart(9)}  ${(decision.step ?? "").padEnd(width)}  `
  const took = decision.duration_ms === undefined ? "" : ` (${span(decision.duration_ms)})`
  const below = evidence.map((line) => `\n${" ".repeat(head.length + 2)}${line}`)
  return `${head}${sentence(decision)}${took}${below.join("")}`
}

const sentence = ({ agent, attempt, candidate, decision, evidence, rule }: Decision): string => {
  switch (decision) {
    case "chosen":
      return `tries ${candidate}${agent === undefined || agent === candidate ? "" : ` (agent ${agent})`}: ${rule}`
    case "left":
      return `leaves ${candidate}: ${rule}`
    case "passed_over":
      return `passes over ${candidate}: ${rule}`
    case "attempt":
      return `attempt ${attempt ?? "?"}${agent === undefined ? "" : ` of ${agent}`}: ${rule}`
    case "skipped":
      return `skipped: ${rule}`
    case "retry":
      return `again: ${rule}`
    case "cooldown":
      return [rule, ...evidence].join(" ")
    default:
      return rule
  }
}

const span = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours === 0 ? `${minutes} min ${seconds % 60} s` : `${hours} h ${minutes} min`
}
