/** Everything but `--version`: serves, or runs one command. */
import { resolve } from "node:path"
import { Effect, Exit, Option, type Scope } from "effect"
import type { HubUnreachable } from "../core/edge/Door.ts"

export interface Start {
  readonly version: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
  readonly argv: ReadonlyArray<string>
}

const invalid = 2
const unreachable = 4

export const main = async ({ argv, self, version }: Start): Promise<void> => {
  const command = ["hub", ...argv.slice(0, 2)].join(" ")
  const wish = { version, self, command, verbose: argv.includes("--verbose") }
  const [first = "", ...flags] = argv
  if (first === "serve" && isStandalone(flags))
    return finish(
      import("./standalone.ts").then(({ standalone }) => standalone({ ...wish, config: configOf(flags) })),
    )
  const line =
    first === "serve"
      ? await import("./serveLine.ts").then(({ serveLine }) => serveLine(wish))
      : await import("./commands.ts").then(({ commandLine }) => commandLine(wish))
  process.exit(await Effect.runPromise(line))
}

/** The one way of serving that a client starts, and waits for: not a word of it is parsed twice. */
const isStandalone = (flags: ReadonlyArray<string>): boolean => {
  const rest = flags.filter((flag, at) => flag !== "--config" && flags[at - 1] !== "--config")
  const known = new Set(["--stdio", "--standalone", "--verbose"])
  return rest.includes("--stdio") && rest.includes("--standalone") && rest.every((flag) => known.has(flag))
}

const configOf = (flags: ReadonlyArray<string>): string | undefined => {
  const at = flags.indexOf("--config")
  const file = at === -1 ? undefined : flags[at + 1]
  return file === undefined ? undefined : resolve(file)
}

type Serving = Effect.Effect<void, HubUnreachable, Scope.Scope>

/** Runs until it ends by itself or by a signal; then stops cleanly: programs of runs go on. */
const finish = async (serving: Promise<Serving>): Promise<void> => {
  const fiber = Effect.runFork(Effect.scoped(await serving))
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => fiber.interruptUnsafe())
  fiber.addObserver((exit) => process.exit(codeOf(exit)))
}

const codeOf = (exit: Exit.Exit<void, HubUnreachable>): number => {
  if (Exit.isSuccess(exit) || Exit.hasInterrupts(exit)) return 0
  const error = Exit.findErrorOption(exit)
  process.stderr.write(`hub: ${Option.isSome(error) ? error.value.message : String(exit.cause)}\n`)
  return Option.isSome(error) && error.value.diagnostics !== undefined ? invalid : unreachable
}
