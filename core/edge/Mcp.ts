/** The hub as an MCP server over two streams: operations are tools, resources and prompts are theirs. */
import type { Readable, Writable } from "node:stream"
import {
  CLIENT_INFO_META_KEY,
  type Implementation,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { serveStdio } from "@modelcontextprotocol/server/stdio"
import { Cause, Effect, Exit, Fiber, Option, Result, type Scope } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import type { Described, HubUnreachable } from "./Door.ts"
import { Lines } from "./mcp/Lines.ts"
import { promptsOf, read, render, resourcesOf, templatesOf, toProtocol } from "./mcp/Readings.ts"
import { ownStdout } from "./mcp/Stdout.ts"
import { answered, refused, toolOf } from "./mcp/Tools.ts"
import { type Served, watch } from "./mcp/Watch.ts"
import { suggestion } from "./Nearest.ts"

export interface McpOptions {
  /** Asked for with the first request that needs it, so that `initialize` waits for nothing. Started once, by the caller. */
  readonly hub: Effect.Effect<Served, HubUnreachable>
  readonly name: string
  readonly version: string
  readonly input: Readable
  readonly output: Writable
  /** The run this client works in, when it is an agent of one. */
  readonly parent_run?: string | undefined
  /** Where the client stands. */
  readonly cwd?: string | undefined
}

export const instructions = `hub hands work to the coding agents on this machine and picks another when one fails.
Nothing blocks: a call answers at once, the work goes on by itself.

1. list_agents and list_pipelines show who can work and by which rules.
2. dispatch { prompt, cwd or project, pipeline or agent } answers with a run_id. Write the prompt so that it stands alone: the agent has not read this conversation. cwd is an absolute path.
3. Go on with your own work, or dispatch more: runs are independent.
4. check_dispatch { run_id, wait_seconds: 30 } tells the state, and the answer once it is there. States queued, running and waiting go on; succeeded, failed, cancelled and timed_out are final. Ask again while it goes on.
5. run_events { run_id, after } shows what happened since a cursor; why { run_id } tells why an agent was left for the next.
6. cancel_dispatch { run_id } ends a run. Runs go on when this connection ends; list_dispatches finds them again.

An error names what is wrong and what is known instead: correct the call and repeat it.`

/** Ends when the client is gone. Runs go on. */
export const serve = Effect.fn("Mcp.serve")(function* (
  options: McpOptions,
): Effect.fn.Return<void, never, Scope.Scope> {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const write =
    options.output === process.stdout ? yield* ownStdout : options.output.write.bind(options.output)
  const lines = new Lines(options.input, { write, on: options.output.on.bind(options.output) })
  yield* Effect.callback<void>((resume) => {
    const handle = serveStdio(() => makeServer(options, fork), {
      transport: ending(lines, () => resume(Effect.void)),
    })
    return Effect.promise(() => handle.close())
  })
})

/** Tells when the connection has ended, after everyone else was told. */
const ending = (lines: Lines, ended: () => void): Lines => {
  const { close } = lines
  lines.close = async () => {
    await close.call(lines)
    ended()
  }
  return lines
}

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

const makeServer = (options: McpOptions, fork: Fork): Server => {
  const listChanged = { listChanged: true }
  const server = new Server(
    { name: options.name, version: options.version, title: "hub" },
    {
      instructions,
      capabilities: { tools: listChanged, resources: listChanged, prompts: listChanged },
      jsonSchemaValidator: noValidator,
    },
  )
  const hub = Effect.mapError(
    options.hub,
    (error) => new ProtocolError(ProtocolErrorCode.InternalError, error.message),
  )
  const known = new Map<string, Described>()
  const operations = Effect.flatMap(hub, ({ door }) => Effect.mapError(door.operations, toProtocol)).pipe(
    Effect.tap((all) => Effect.sync(() => remember(known, all))),
  )
  const catalogue = Effect.flatMap(hub, (served) => served.catalogue)
  // Not before the client has its first answer: asking for the hub keeps the process busy for a while.
  let watching: Fiber.Fiber<void> | undefined
  const listen = () => {
    watching ??= fork(Effect.ignore(Effect.flatMap(hub, (served) => watch(served, server, known))))
  }
  const run = <A>(effect: Effect.Effect<A, ProtocolError>, context: ServerContext) => {
    listen()
    return settle(fork, effect, context)
  }
  const caller = (context: ServerContext) => callerOf(options, server, context)

  server.setRequestHandler("tools/list", (_, context) =>
    run(
      Effect.map(operations, (all) => ({ tools: all.map(toolOf) })),
      context,
    ),
  )
  server.setRequestHandler("tools/call", ({ params }, context) =>
    run(callTool(params, caller(context)), context),
  )
  server.setRequestHandler("resources/list", (_, context) =>
    run(
      Effect.map(catalogue, (all) => ({ resources: resourcesOf(all) })),
      context,
    ),
  )
  server.setRequestHandler("resources/templates/list", (_, context) =>
    run(
      Effect.map(catalogue, (all) => ({ resourceTemplates: templatesOf(all) })),
      context,
    ),
  )
  server.setRequestHandler("resources/read", ({ params }, context) =>
    run(
      Effect.flatMap(catalogue, (all) => read(all, params.uri, caller(context))),
      context,
    ),
  )
  server.setRequestHandler("prompts/list", (_, context) =>
    run(
      Effect.map(catalogue, (all) => ({ prompts: promptsOf(all) })),
      context,
    ),
  )
  server.setRequestHandler("prompts/get", ({ params }, context) =>
    run(
      Effect.flatMap(catalogue, (all) => render(all, params.name, params.arguments)),
      context,
    ),
  )

  const callTool = Effect.fnUntraced(function* (params: { name: string; arguments?: unknown }, from: Caller) {
    if (!known.has(params.name)) yield* operations
    if (!known.has(params.name)) return yield* noTool(params.name, [...known.keys()])
    const { door } = yield* hub
    const result = yield* Effect.result(door.call(params.name, params.arguments ?? {}, from))
    return Result.isSuccess(result) ? answered(result.success) : refused(result.failure)
  })

  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK knows no other way
  server.onclose = () => watching?.interruptUnsafe()
  server.oninitialized = listen
  return server
}

/** Nothing that a client sends is checked by it: inputs are decoded by the operation itself. */
const noValidator = {
  getValidator: () => (input: unknown) => ({ valid: true, data: input, errorMessage: undefined }),
} as never

const remember = (known: Map<string, Described>, all: ReadonlyArray<Described>): void => {
  known.clear()
  for (const one of all) known.set(one.name, one)
}

const noTool = (name: string, names: ReadonlyArray<string>) =>
  Effect.fail(
    new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `There is no tool ${JSON.stringify(name.slice(0, 100))}.${suggestion(name, names)}`,
    ),
  )

/** A request that the client cancels, or cannot read the answer of, is ended. */
const settle = async <A>(
  fork: Fork,
  effect: Effect.Effect<A, ProtocolError>,
  context: ServerContext,
): Promise<A> => {
  const fiber = fork(effect)
  const stop = (): void => fiber.interruptUnsafe()
  context.mcpReq.signal.addEventListener("abort", stop)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  context.mcpReq.signal.removeEventListener("abort", stop)
  if (Exit.isSuccess(exit)) return exit.value
  throw Option.getOrElse(
    Cause.findErrorOption(exit.cause),
    () =>
      new ProtocolError(ProtocolErrorCode.InternalError, "The hub could not answer; its log has the cause."),
  )
}

const callerOf = (options: McpOptions, server: Server, context: ServerContext): Caller => {
  // The newest protocol names the client in every request, the older ones once.
  const envelope = context.mcpReq.envelope as Partial<Record<string, Implementation>> | undefined
  const { name, version } = envelope?.[CLIENT_INFO_META_KEY] ??
    server.getClientVersion() ?? { name: "unknown", version: "" }
  return {
    door: "mcp",
    client: `${name} ${version}`.trim().slice(0, 200),
    ...(options.parent_run === undefined ? {} : { parent_run: options.parent_run }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }
}
