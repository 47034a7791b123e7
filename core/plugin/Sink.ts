/** Gets every new event of every run, in order. */
import type { Effect } from "effect"
import type { RunEvent } from "../services/Events.ts"
import type { PluginServices } from "./Plugin.ts"

export interface Sink {
  readonly id: string
  readonly summary: string
  /** Event types it wants; all when left out. */
  readonly types?: ReadonlyArray<string> | undefined
  /** One event at a time. A sink that cannot keep up loses the oldest and is told how many by an event `events_lost { count }`. */
  readonly receive: (event: RunEvent) => Effect.Effect<void, never, PluginServices>
}

export const make = (sink: Sink): Sink => sink
