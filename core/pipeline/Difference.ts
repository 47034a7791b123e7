/** Where two executions decided differently, read from their events. */
import type { EventDraft } from "../services/Events.ts"

/** The first decision of a step that is not the same. Absent: there was none. */
export interface Difference {
  /** Empty for the end of the run. */
  readonly step: string
  readonly recorded: string | undefined
  readonly today: string | undefined
}

type Told = Pick<EventDraft, "type" | "step" | "data">

/**
 * Step by step, since steps that run side by side are told in any order.
 *
 * `whole: false` for an execution that stopped: what it did not come to is no difference.
 */
export const differences = (
  recorded: ReadonlyArray<Told>,
  today: ReadonlyArray<Told>,
  whole: boolean,
): ReadonlyArray<Difference> => {
  const [before, after] = [decisionsByStep(recorded), decisionsByStep(today)]
  const steps = [...new Set([...before.keys(), ...after.keys()])]
  return steps.flatMap((step) => firstDifference(step, before.get(step) ?? [], after.get(step) ?? [], whole))
}

const firstDifference = (
  step: string,
  before: ReadonlyArray<string>,
  after: ReadonlyArray<string>,
  whole: boolean,
): ReadonlyArray<Difference> => {
  const length = whole ? Math.max(before.length, after.length) : after.length
  const at = Array.from({ length }, (_, index) => index).find((index) => before[index] !== after[index])
  return at === undefined ? [] : [{ step, recorded: before[at], today: after[at] }]
}

const decisionsByStep = (events: ReadonlyArray<Told>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const all = new Map<string, Array<string>>()
  for (const event of events) {
    const decision = readers[event.type]?.(event.data ?? {})
    const step = event.step ?? ""
    if (decision !== undefined) all.set(step, [...(all.get(step) ?? []), decision])
  }
  return all
}

type Data = Readonly<Record<string, unknown>>

const failed = (data: Data) =>
  `fails with ${String((data["failure"] as { readonly class?: string } | undefined)?.class)}`

/** What was decided, without the words that explain it: those may change with the hub. */
const readers: Readonly<Record<string, (data: Data) => string>> = {
  condition_evaluated: (data) =>
    `${String(data["condition"])} ${data["holds"] === true ? "holds" : "does not hold"}`,
  step_skipped: () => "is skipped",
  candidate_chosen: (data) => `tries ${String(data["candidate"])}`,
  candidate_skipped: (data) => `passes over ${String(data["candidate"])}`,
  candidate_left: (data) => `leaves ${String(data["candidate"])} after ${String(data["class"])}`,
  retry_scheduled: (data) => `attempt ${String(data["attempt"])}`,
  run_succeeded: (data) => `succeeds, answered by ${String(data["answered_by"])}`,
  run_failed: failed,
  run_timed_out: failed,
  run_cancelled: failed,
}
