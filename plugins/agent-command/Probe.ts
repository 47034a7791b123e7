/** What can be learned about a program without asking its vendor. */
import { Effect } from "effect"
import type { Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

export const probe =
  ({ program, version_args }: Config) =>
  (prober: Agent.Prober): Effect.Effect<Agent.Probe> =>
    prober.which(program).pipe(
      Effect.flatMap((path) =>
        Effect.map(version(prober, path, version_args), (found) => ({ installed: true, path, ...found })),
      ),
      Effect.catch((error) => Effect.succeed({ installed: false, notes: [error.message] })),
    )

const version = (prober: Agent.Prober, path: string, args: ReadonlyArray<string>) =>
  args.length === 0
    ? Effect.succeed({ notes: [] })
    : prober.run(path, args).pipe(
        Effect.map(({ code, stderr, stdout }) => {
          const number = code === 0 ? /\d+\.\d+[\w.+-]*/.exec(`${stdout}\n${stderr}`)?.[0] : undefined
          return number === undefined
            ? { notes: [`it did not tell its version: ${args.join(" ")} ended with ${code ?? "a signal"}`] }
            : { version: number, notes: [] }
        }),
        Effect.catch((error) => Effect.succeed({ notes: [`it did not tell its version: ${error.message}`] })),
      )
