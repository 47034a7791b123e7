/** The command line on this process's own streams and signals. */
import { Effect } from "effect"
import type { CliOptions } from "../Cli.ts"
import { unread } from "./Reader.ts"

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP"

/** Ends with the next signal. While nobody waits for it, a signal ends the process as it always does. */
const interrupted: Effect.Effect<Signal> = Effect.callback<Signal>((resume) => {
  const taken = (signal: NodeJS.Signals): void => resume(Effect.succeed(signal as Signal))
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
  for (const signal of signals) process.on(signal, taken)
  return Effect.sync(() => {
    for (const signal of signals) process.off(signal, taken)
  })
})

/** A reader that has enough, like `head`, is no error: the process ends quietly, unless somebody else sees to it. */
const endsQuietly = (stream: NodeJS.WriteStream): NodeJS.WriteStream =>
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (stream.listenerCount("error") === 1) process.exit(error.code === "EPIPE" ? 0 : 1)
  })

/** What of `CliOptions` this process gives. Call once. */
export const ofProcess = (): Pick<
  CliOptions,
  "argv" | "cwd" | "env" | "stdin" | "stdout" | "stderr" | "interrupted" | "unread"
> => ({
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  stdin: process.stdin,
  stdout: endsQuietly(process.stdout),
  stderr: endsQuietly(process.stderr),
  interrupted,
  unread: unread(process.stdout.fd),
})
