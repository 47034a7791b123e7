/** What an operation says to an MCP client while it runs. */
import type { ServerContext } from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { Talk } from "../../plugin/Talk.ts"

/** Says nothing that the client did not ask for: progress with a token, log lines from the level it wants. */
export const talkOf = (context: ServerContext, logger: string, ask: Talk["ask"]): Talk => ({
  progress: progressOf(context),
  log: (level, data) => said(() => context.mcpReq.log(level, data, logger)),
  ask,
})

const progressOf = ({ mcpReq: { _meta, notify } }: ServerContext): Talk["progress"] => {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return () => Effect.void
  let last = Number.NEGATIVE_INFINITY
  return ({ done, message, total }) => {
    // The protocol wants it to grow with each notification.
    if (done <= last) return Effect.void
    last = done
    const params = {
      progressToken,
      progress: done,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    }
    return said(() => notify({ method: "notifications/progress", params }))
  }
}

/** A client that is gone hears nothing, and its call is ended elsewhere. */
const said = (tell: () => Promise<void>): Effect.Effect<void> => Effect.ignore(Effect.tryPromise(tell))
