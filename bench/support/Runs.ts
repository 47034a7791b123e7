/** Dispatches, as a client makes them. */
import type { Server } from "./Bench.ts"

export interface RunEvent {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

interface View {
  readonly run_id: string
  readonly state: string
  readonly duration_ms: number
  readonly failure?: { readonly message?: string }
  readonly attempts: ReadonlyArray<{
    readonly agent?: string
    readonly state: string
    readonly duration_ms: number
  }>
}

export interface EventPage {
  readonly events: ReadonlyArray<RunEvent>
  readonly last_seq: number
  readonly ended: boolean
}

export const dispatch = async (server: Server, request: Readonly<Record<string, unknown>>): Promise<string> =>
  (await server.tool<{ run_id: string }>("dispatch", request)).run_id

/** The run once it has ended, and ended well. */
export const ended = async (server: Server, run_id: string): Promise<View> => {
  const view = await server.tool<View>("check_dispatch", { run_id, wait_seconds: 600 })
  if (view.state === "succeeded") return view
  throw new Error(`run ${run_id} is ${view.state}: ${view.failure?.message ?? "no reason given"}`)
}

export const events = (server: Server, run_id: string, after = 0): Promise<EventPage> =>
  server.tool<EventPage>("run_events", { run_id, after, limit: 1000 })

/** About what a person writes. */
export const prompt =
  "Add a flag --since to the list command, with tests, and say in the README what it does. Keep the change small.\n"
