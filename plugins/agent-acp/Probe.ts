/** What can be learned of an installed agent without starting it. */
import { Effect } from "effect"
import type { Agent } from "hub/plugin"
import type { Setting } from "./Session.ts"

export const probe =
  ({ config, preset }: Setting) =>
  (prober: Agent.Prober): Effect.Effect<Agent.Probe> =>
    prober.which(config.program ?? preset.program).pipe(
      Effect.map((path) => ({ installed: true, path, notes: [] })),
      Effect.catch((error) => Effect.succeed({ installed: false, notes: [error.message] })),
    )
