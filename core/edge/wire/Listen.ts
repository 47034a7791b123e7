/** The hub's local door: a socket file that only its owner may open. See `Protocol.ts` for what is spoken there. */
import type { Transport } from "@modelcontextprotocol/server"
import { Clock, Effect, Fiber, type Scope, type Stream, SubscriptionRef } from "effect"
import type { Door } from "../Door.ts"
import { Calls, type Fork } from "./Calls.ts"
import { Connection } from "./Connection.ts"
import { decoded, hear, Refused } from "./Hello.ts"
import * as Peer from "./Peer.ts"
import { type Hello, PROTOCOL } from "./Protocol.ts"
import * as SocketFile from "./SocketFile.ts"
import { SocketLines } from "./SocketLines.ts"

/** Milliseconds in which a hub that ends still lets in who has found its door. */
const lastComers = 5
/** A hub that ends lets calls that change something finish, but no longer than this. */
const finishWithin = 5_000
/** And waits no longer than this for clients to take their answers. */
const farewell = 500

const maxConnections = 1_000

export interface McpClient {
  readonly transport: Transport
  readonly hello: Hello["hello"]
}

export interface Listening {
  readonly door: Door
  readonly path: string
  /** Of this hub. */
  readonly version: string
  /** Serves one connection. Ends when its transport closes; when it ends before, the connection is closed. */
  readonly mcp: (client: McpClient) => Effect.Effect<void, never, Scope.Scope>
}

export interface Client {
  readonly kind: "mcp" | "calls"
  readonly version: string
  readonly cwd?: string
  readonly parent_run?: string
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly pid?: number
}

/** Who is connected, and has said what for. */
export interface Clients {
  readonly list: Effect.Effect<ReadonlyArray<Client>>
  readonly busy: Effect.Effect<number>
  /** How many there are now, then each change. */
  readonly changes: Stream.Stream<number>
}

/** Serves until the scope closes. A socket file that nobody answers on is taken over; one that somebody does is left alone. */
export const listen = Effect.fn("Wire.listen")(function* (
  listening: Listening,
): Effect.fn.Return<Clients, SocketFile.SocketTaken, Scope.Scope> {
  const { path } = listening
  const peerOf = yield* Effect.promise(Peer.load)
  if (peerOf === undefined)
    yield* Effect.logWarning(
      `${path}: who connects cannot be asked here; only the mode of the file keeps other users out.`,
    )
  const hub: Hub = {
    ...listening,
    fork: Effect.runForkWith(yield* Effect.context<never>()),
    peerOf,
    connections: new Map(),
    clients: new Map(),
    count: yield* SubscriptionRef.make(0),
    hasEnded: false,
  }
  yield* Effect.acquireRelease(SocketFile.open(path, handlers(hub)), (opened) =>
    Effect.promise(() => close(hub, opened)),
  )
  return {
    list: Effect.sync(() => [...hub.clients.values()]),
    busy: SubscriptionRef.get(hub.count),
    changes: SubscriptionRef.changes(hub.count),
  }
})

interface Hub extends Listening {
  readonly fork: Fork
  readonly peerOf: Peer.PeerOf | undefined
  readonly connections: Map<Connection, Fiber.Fiber<void>>
  readonly clients: Map<Connection, Client>
  readonly count: SubscriptionRef.SubscriptionRef<number>
  hasEnded: boolean
}

const close = async (hub: Hub, { hide, listener }: SocketFile.Opened<Connection>): Promise<void> => {
  // First the name: whoever comes now looks for the next hub, and who came before is still let in.
  hide()
  await Bun.sleep(lastComers)
  hub.hasEnded = true
  listener.stop()
  const all = [...hub.connections.keys()]
  for (const one of all) if (!hub.clients.has(one)) one.refuse("ending", ending)
  await atMost(finishWithin, all.map(finish))
  for (const connection of all) end(connection)
  // What was answered last is still on its way.
  await atMost(
    farewell,
    all.map(({ said }) => said),
  )
  const serving = [...hub.connections.values()]
  listener.stop(true)
  // What they hold lies above what closes next.
  await atMost(farewell, [Effect.runPromise(Fiber.interruptAll(serving))])
}

/** Who has nothing under way any more is free to look for the next hub. */
const finish = async (connection: Connection): Promise<void> => {
  await connection.work?.finish()
  // A call that was broken off is told on the next turn.
  await Bun.sleep(0)
  end(connection)
}

const end = (connection: Connection): void => {
  connection.work?.stop()
  connection.end()
}

const atMost = (milliseconds: number, all: ReadonlyArray<Promise<void> | undefined>) =>
  Promise.race([Promise.all(all), Bun.sleep(milliseconds)])

const handlers = (hub: Hub): Bun.SocketHandler<Connection> => ({
  open: (socket) => {
    const connection = new Connection(socket, hub.peerOf?.(fdOf(socket)))
    socket.data = connection
    // Those who are to be told that it is full must not be without number, either.
    if (hub.connections.size >= 2 * maxConnections) return connection.cut()
    const fiber = hub.fork(attend(hub, connection))
    hub.connections.set(connection, fiber)
    connection.whenClosed = () => fiber.interruptUnsafe()
  },
  data: ({ data }, chunk) => data.take(chunk),
  drain: ({ data }) => data.drain(),
  close: ({ data }) => {
    hub.connections.delete(data)
    data.closed()
  },
  error: ({ data }) => data.cut(),
})

const fdOf = (socket: object): number => Number(Reflect.get(socket, "fd"))

const ending = "This hub ends. Ask the next one."

/** From the first line to the last. Interrupted when the client is gone. */
const attend = (hub: Hub, connection: Connection): Effect.Effect<void> =>
  Effect.gen(function* () {
    const first = yield* hear(connection)
    yield* admit(hub, connection)
    const hello = yield* decoded(first)
    const repeatable = yield* repeatableOf(hub.door)
    if (hub.hasEnded) return yield* new Refused({ reason: "ending", message: ending })
    yield* enter(hub, connection, hello)
    connection.tell({
      welcome: { protocol: PROTOCOL, version: hub.version, pid: process.pid, repeatable },
    })
    yield* work(hub, connection, hello, new Set(repeatable))
  }).pipe(
    Effect.catchTag("Refused", ({ message, reason }) =>
      Effect.sync(() => connection.refuse(reason, message)),
    ),
    Effect.catchDefect((cause) => Effect.logError("a connection broke", cause)),
    Effect.ensuring(leave(hub, connection)),
  )

const admit = (hub: Hub, { peer }: Connection): Effect.Effect<void, Refused> => {
  const own = process.getuid?.()
  if (peer !== undefined && peer.uid !== own && peer.uid !== 0)
    return new Refused({
      reason: "stranger",
      message: `This hub is of the user ${own}; you are ${peer.uid}. Start one of your own.`,
    })
  if (hub.connections.size > maxConnections)
    return new Refused({
      reason: "full",
      message: `${maxConnections} clients are connected to this hub. Close some.`,
    })
  return Effect.void
}

/** What may be broken off, and asked again of the next hub. */
const repeatableOf = (door: Door): Effect.Effect<ReadonlyArray<string>> =>
  door.operations.pipe(
    Effect.map((all) => all.filter((one) => one.readonly || one.idempotent).map(({ name }) => name)),
    Effect.orElseSucceed(() => []),
  )

const work = (hub: Hub, connection: Connection, hello: Hello["hello"], repeatable: ReadonlySet<string>) => {
  const isLooking = (name: string) => repeatable.has(name)
  if (hello.kind === "mcp")
    return Effect.scoped(hub.mcp({ transport: new SocketLines(connection, isLooking), hello }))
  connection.begin(new Calls(connection, hub.door, hub.fork, isLooking))
  return Effect.never
}

const enter = Effect.fnUntraced(function* (hub: Hub, connection: Connection, hello: Hello["hello"]) {
  hub.clients.set(connection, clientOf(hello, connection, yield* Clock.currentTimeMillis))
  yield* SubscriptionRef.set(hub.count, hub.clients.size)
})

const leave = (hub: Hub, connection: Connection) =>
  Effect.suspend(() => {
    connection.end()
    if (!hub.clients.delete(connection)) return Effect.void
    return SubscriptionRef.set(hub.count, hub.clients.size)
  })

const clientOf = (
  { cwd, kind, parent_run, version }: Hello["hello"],
  { peer }: Connection,
  since: number,
): Client => ({
  kind,
  version: version.slice(0, 100),
  ...(cwd === undefined ? {} : { cwd }),
  ...(parent_run === undefined ? {} : { parent_run }),
  since,
  ...(peer?.pid === undefined ? {} : { pid: peer.pid }),
})
