/** The hub as an MCP server over two streams, and over a transport of its caller. Over HTTP it is `mcp/Http.ts`. */
import type { Readable, Writable } from "node:stream"
import type { McpRequestContext, Server, Transport } from "@modelcontextprotocol/server"
import { serveStdio } from "@modelcontextprotocol/server/stdio"
import { Effect, type Scope } from "effect"
import { present } from "../dispatch/Present.ts"
import type { Caller } from "../plugin/Operation.ts"
import type { Facts } from "./mcp/Callers.ts"
import { Lines } from "./mcp/Lines.ts"
import { Listening } from "./mcp/Listening.ts"
import { type HubOptions, make, reached } from "./mcp/Server.ts"
import { ownStdout } from "./mcp/Stdout.ts"
import * as Subscriptions from "./mcp/Subscriptions.ts"

export interface McpOptions extends HubOptions {
  readonly input: Readable
  readonly output: Writable
}

/** Ends when the client is gone. Runs go on. */
export const serve = Effect.fn("Mcp.serve")(function* ({
  input,
  output,
  ...options
}: McpOptions): Effect.fn.Return<void, never, Scope.Scope> {
  const write = output === process.stdout ? yield* ownStdout : output.write.bind(output)
  const transport = new Lines(input, { write, on: output.on.bind(output) })
  yield* serveOn({ ...options, transport })
})

/** One client over a connection of its own, whatever era it opens with. Ends when the transport has closed. */
export const serveOn = Effect.fn("Mcp.serveOn")(function* (
  options: HubOptions & { readonly transport: Transport },
): Effect.fn.Return<void> {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  yield* Effect.callback<void>((resume) => {
    let server: Server | undefined
    const subscriptions = Subscriptions.make({
      hub: reached(options),
      fork,
      tell: (uri) => server?.sendResourceUpdated({ uri }),
    })
    const wire = new Listening(options.transport, {
      wanted: (uri) => subscriptions.hold(uri, listener(options)),
      ended: () => {
        subscriptions.close()
        resume(Effect.void)
      },
    })
    const factory = ({ era }: McpRequestContext) => (server = make({ ...options, fork, subscriptions }, era))
    const handle = serveStdio(factory, { transport: wire })
    return Effect.promise(() => handle.close())
  })
})

/** Who hears of a resource, where no request names its client. */
const listener = ({ cwd, parent_run, scopes, token }: Facts): Caller => ({
  door: "mcp",
  client: "mcp",
  ...present({ cwd, parent_run, scopes, token }),
})
