/** One MCP server: operations are tools, resources and prompts are theirs. The same for both eras and for every transport. */
import { type McpServer, ProtocolError, ProtocolErrorCode, type Server } from "@modelcontextprotocol/server"
import { Effect, Exit, type Fiber } from "effect"
import { describe } from "../Call.ts"
import type { HubUnreachable } from "../Door.ts"
import { callerOf, capabilitiesOf, type Facts } from "./Callers.ts"
import { instructions } from "./Instructions.ts"
import { verifyEarlier } from "./Questions.ts"
import { offer, offerSubscriptions } from "./Offers.ts"
import { type Fork, settle } from "./Settle.ts"
import * as Subscriptions from "./Subscriptions.ts"
import { Front, TaskServer } from "./TaskServer.ts"
import type { Run } from "./Tasks.ts"
import * as TasksLegacy from "./TasksLegacy.ts"
import * as TasksModern from "./TasksModern.ts"
import type { Era } from "./Tools.ts"
import { type Served, watch } from "./Watch.ts"

export interface HubOptions extends Facts {
  /** Asked for with the first request that needs it, so that `initialize` waits for nothing. Started once, by the caller. */
  readonly hub: Effect.Effect<Served, HubUnreachable>
  readonly name: string
  readonly version: string
}

export interface Making extends HubOptions {
  readonly fork: Fork
  /** Of the connection, where it outlives the server. Left out: the server's own. */
  readonly subscriptions?: Subscriptions.Subscriptions | undefined
}

/** A server of one client, for as long as it is there. */
export const make = (making: Making, era: Era): Server => {
  const server = blank(making, era)
  const followed = subscriptionsOf(making, server)
  const tasks = TasksLegacy.follower(server, making.fork)
  const run = runner(making, server, lists(making, server))
  offer(server, run, era, tasks.follow)
  if (era === "legacy") offerSubscriptions(server, run, followed)
  onClose(server, tasks.close)
  return server
}

/** A server of one request of the newest era, over HTTP. Cheap: what costs is kept with the catalogue. */
export const makeForOne = (making: Making): McpServer => {
  const server = blank(making, "modern")
  offer(server, runner(making, server), "modern")
  return front(making, server)
}

const listChanged = { listChanged: true }
const both = {
  tools: listChanged,
  prompts: listChanged,
  resources: { ...listChanged, subscribe: true },
  completions: {},
  logging: {},
}
const capabilities = {
  legacy: { ...both, ...TasksLegacy.capability },
  modern: { ...both, ...TasksModern.capability },
}

const blank = ({ name, version }: Making, era: Era): Server =>
  new TaskServer(
    { name, version, title: "hub" },
    {
      instructions,
      capabilities: capabilities[era],
      jsonSchemaValidator: noValidator,
      requestState: { verify: verifyEarlier },
    },
  )

/** Nothing that a client sends is checked by it: inputs are decoded by the operation itself. */
const noValidator = {
  getValidator: () => (input: unknown) => ({ valid: true, data: input, errorMessage: undefined }),
} as never

const onClose = (server: Server, close: () => void): void => {
  const { onclose } = server
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK knows no other way
  server.onclose = () => {
    onclose?.()
    close()
  }
}

export const reached = ({ hub }: HubOptions): Effect.Effect<Served, ProtocolError> =>
  Effect.mapError(hub, ({ message }) => new ProtocolError(ProtocolErrorCode.InternalError, message))

const catalogueOf = (options: HubOptions) => Effect.flatMap(reached(options), ({ catalogue }) => catalogue)

const subscriptionsOf = (making: Making, server: Server): Subscriptions.Subscriptions => {
  if (making.subscriptions !== undefined) return making.subscriptions
  const own = Subscriptions.make({
    hub: reached(making),
    fork: making.fork,
    tell: (uri) => server.sendResourceUpdated({ uri }),
  })
  onClose(server, own.close)
  return own
}

/** Not before the client has its first answer: asking for the hub keeps the process busy for a while. */
const lists = (making: Making, server: Server): (() => void) => {
  let watching: Fiber.Fiber<void> | undefined
  const tell = {
    tools: () => server.sendToolListChanged(),
    resources: () => server.sendResourceListChanged(),
    prompts: () => server.sendPromptListChanged(),
  }
  onClose(server, () => watching?.interruptUnsafe())
  const listen = () => {
    watching ??= making.fork(
      Effect.ignore(
        Effect.flatMap(reached(making), (served) => watch(served, making.scopes, (list) => tell[list]())),
      ),
    )
  }
  server.oninitialized = listen
  return listen
}

/** Requests of one server that may be under way. */
const mostOpen = 1_000

const runner = (making: Making, server: Server, begun?: () => void): Run => {
  let open = 0
  return (context, body) => {
    begun?.()
    if (open >= mostOpen) return Promise.reject(tooMany)
    open++
    const view = Effect.flatMap(reached(making), ({ catalogue, door }) =>
      Effect.map(catalogue, (now) => ({
        catalogue: now,
        door,
        caller: callerOf(making, server, context),
        declared: capabilitiesOf(server, context),
      })),
    )
    return settle(making.fork, Effect.flatMap(view, body), context).finally(() => open--)
  }
}

const tooMany = new ProtocolError(
  ProtocolErrorCode.InvalidRequest,
  `${mostOpen} requests are under way. Wait for one of them.`,
)

const front = (making: Making, server: Server): McpServer =>
  new Front(
    server,
    (tool) => {
      const known = Effect.runSyncExit(catalogueOf(making))
      const handle = Exit.isSuccess(known) ? known.value.operations.get(tool) : undefined
      return handle === undefined ? undefined : { ...describe(handle).input }
    },
    { name: making.name, version: making.version },
    { jsonSchemaValidator: noValidator },
  )
