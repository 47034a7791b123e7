/** What can be learned of an installed Qwen Code without a request to its vendor. */
import { Effect } from "effect"
import type { Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "0.24.4"

// Asking it for its version takes 2 s.
export const probe =
  ({ program }: Config) =>
  (prober: Agent.Prober): Effect.Effect<Agent.Probe> =>
    prober.which(program).pipe(
      Effect.map((path) => ({ installed: true, path, notes: [] })),
      Effect.catch((error) => Effect.succeed({ installed: false, notes: [error.message] })),
    )
