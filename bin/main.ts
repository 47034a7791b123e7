/** Everything but `--version`. */
import { Effect } from "effect"
import { standalone } from "./serve.ts"

export const main = async ({
  argv,
  version,
}: {
  readonly version: string
  readonly argv: ReadonlyArray<string>
}) => {
  const wish = {
    version,
    command: `hub ${argv.join(" ")}`,
    lenient: false,
    verbose: argv.includes("--verbose"),
  }
  const fiber = Effect.runFork(Effect.scoped(standalone(wish)))
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(
      signal,
      () =>
        void Effect.runFork(
          Effect.asVoid(Effect.flatMap(Effect.void, () => Effect.sync(() => fiber.interruptUnsafe()))),
        ),
    )
  fiber.addObserver((exit) => {
    if (exit._tag === "Failure") console.error(String(exit.cause))
    process.exit(exit._tag === "Success" ? 0 : 4)
  })
}
