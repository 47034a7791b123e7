/** What is noted of an attempt on the way: its session, and what it has used. */
import type { AgentEvent } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Sign } from "./Watch.ts"

type Usage = Readonly<Record<string, number>>

const numbers = (data: Readonly<Record<string, unknown>>): Usage =>
  Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  )

export class Seen {
  session_id: string | undefined
  /** The newest report: adapters report totals. */
  usage: Usage | undefined

  take(event: AgentEvent): void {
    const { session_id } = event.data
    if (event.type === "session_started" && typeof session_id === "string") this.session_id = session_id
    if (event.type === "usage") this.usage = { ...this.usage, ...numbers(event.data) }
  }

  /** A sign that ends the attempt once it has cost more than it may. */
  overBudget(max_cost_usd: number | undefined): Sign | undefined {
    const cost = this.usage?.["cost_usd"]
    if (max_cost_usd === undefined || cost === undefined || cost <= max_cost_usd) return undefined
    const message = `Cost ${cost} USD, more than max_cost_usd = ${max_cost_usd}.`
    return { failure: Failure.of("denied", message), at_once: true }
  }
}
