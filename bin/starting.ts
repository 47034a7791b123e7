/** Starts the hub of a home in the background. */
import { Effect, Schema } from "effect"
import * as Start from "../core/edge/shim/Start.ts"
import type { Home } from "../core/services/Home.ts"
import type { Wish } from "./home.ts"

export class NotStarted extends Schema.TaggedError<NotStarted>()("NotStarted", {
  home: Schema.String,
  /** As the hub said it. */
  message: Schema.String,
  exit_code: Schema.optionalKey(Schema.Int),
}) {}

/**
 * Returns once it answers. Without `args` it ends again when nobody has needed it for a while. `instead` ends the hub at work
 * first; nobody starts another in between.
 */
export const start = (
  { path }: Home["Service"],
  { config, self }: Wish,
  args: ReadonlyArray<string> = Start.serveWhileNeeded,
  instead?: () => Promise<void>,
): Effect.Effect<void, NotStarted> =>
  Effect.tryPromise({
    try: () => {
      const all = config === undefined ? args : [...args, "--config", config]
      return Start.start({ home: path, self, args: all, instead })
    },
    catch: (cause) => {
      const code = cause instanceof Start.StartFailed ? cause.code : undefined
      const message = cause instanceof Error ? cause.message : String(cause)
      return new NotStarted({ home: path, message, ...(code === undefined ? {} : { exit_code: code }) })
    },
  })
