/** Services of the hub as a plugin gets them, for tests of plugins. */
import { Effect, Layer } from "effect"
import type { Processes } from "../services/Processes.ts"

/** Real programs. */
export const processes: Layer.Layer<Processes> = Layer.unwrap(
  Effect.map(
    Effect.promise(() => import("../live/Processes.ts")),
    ({ layer }) => layer,
  ),
)
