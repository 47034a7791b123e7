/** stdout as the protocol's own. */
import { Effect } from "effect"

/** From now on only the protocol goes to stdout: what a plugin prints there goes to stderr. */
export const ownStdout = Effect.acquireRelease(
  Effect.sync(() => {
    const own = process.stdout.write
    const { console } = globalThis
    const { debug, error, info, log } = console
    process.stdout.write = process.stderr.write.bind(process.stderr) as typeof own
    Object.assign(console, { debug: error, info: error, log: error })
    return { own, spoken: { debug, info, log }, write: own.bind(process.stdout) }
  }),
  ({ own, spoken }) =>
    Effect.sync(() => {
      process.stdout.write = own
      Object.assign(globalThis.console, spoken)
    }),
).pipe(Effect.map(({ write }) => write))
