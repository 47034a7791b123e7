/** What can be learned of an installed Copilot CLI without a request to its vendor. */
import { Effect } from "effect"
import type { Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "1.0.102"

export const probe =
  ({ program }: Config) =>
  (prober: Agent.Prober): Effect.Effect<Agent.Probe> =>
    prober.which(program).pipe(
      Effect.flatMap((path) =>
        // 115 ms: cheap enough to ask.
        Effect.map(prober.run(path, ["--version"]), ({ stdout }) => {
          const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0]
          return { installed: true, path, notes: [], ...(version === undefined ? {} : { version }) }
        }),
      ),
      Effect.catch((error) => Effect.succeed({ installed: false, notes: [error.message] })),
    )
