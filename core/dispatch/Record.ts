/** What an attempt's decoder reads, as events of the run: bounded, and not recorded twice after a restart. */
import { Effect, Ref } from "effect"
import type { AgentEvent } from "../plugin/Agent.ts"
import type { EventDraft } from "../services/Events.ts"

/** Events that the hub itself writes about an attempt; all others are the agent's. */
export const own = [
  "attempt_started",
  "attempt_adopted",
  "attempt_ended",
  "output_skipped",
  "output_cut",
  "cooldown_started",
  "run_resumed",
] as const

/** More than a person reads; the spool keeps the rest. */
const most = { events: 20_000, outputs: 1_000 }

export interface Position {
  readonly step: string
  readonly attempt: number
}

interface Counts {
  readonly events: number
  readonly outputs: number
  readonly cut: boolean
  /** Still to pass over: recorded before a restart. */
  readonly known: number
}

const cutNotice = (at: Position): EventDraft => ({
  ...at,
  type: "output_cut",
  data: {
    text: `The agent said more than is kept as events (${most.events}, of these ${most.outputs} plain lines). The whole stands in its spool.`,
  },
})

const nothing: ReadonlyArray<EventDraft> = []

const admit = (counts: Counts, at: Position, event: AgentEvent): [Counts, ReadonlyArray<EventDraft>] => {
  const plain = event.type === "output"
  const full = counts.events >= most.events || (plain && counts.outputs >= most.outputs)
  if (full) return counts.cut ? [counts, nothing] : [{ ...counts, cut: true }, [cutNotice(at)]]
  const next = { ...counts, events: counts.events + 1, outputs: counts.outputs + (plain ? 1 : 0) }
  if (counts.known > 0) return [{ ...next, known: counts.known - 1 }, []]
  return [next, [{ ...at, type: event.type, data: event.data }]]
}

/** A function from read events to those that are to be stored now. `known`: how many are stored already. */
export const bounded = (at: Position, known: number) =>
  Effect.map(
    Ref.make<Counts>({ events: 0, outputs: 0, cut: known > 0 && known >= most.events, known }),
    (counts) => (events: ReadonlyArray<AgentEvent>) =>
      Ref.modify(counts, (before) => {
        const drafts: Array<EventDraft> = []
        let after = before
        for (const event of events) {
          const [next, admitted] = admit(after, at, event)
          after = next
          drafts.push(...admitted)
        }
        return [drafts, after] as const
      }),
  )
