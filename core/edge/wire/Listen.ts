/** The hub's local door: a socket file that only its owner may open. See `Protocol.ts` for what is spoken there. */
import { chmodSync, lstatSync, renameSync, unlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Transport } from "@modelcontextprotocol/server"
import { Effect, Result, Schema, type Scope, type Stream, SubscriptionRef } from "effect"
import type { Door } from "../Door.ts"
import { Calls, type Fork } from "./Calls.ts"
import { Connection } from "./Connection.ts"
import { answers } from "./Link.ts"
import * as Peer from "./Peer.ts"
import { type Hello, PROTOCOL } from "./Protocol.ts"
import { SocketLines } from "./SocketLines.ts"

/** Milliseconds in which a hub that ends still lets in who has found its door. */
const lastComers = 5
/** A hub that ends lets calls that change something finish, but no longer than this. */
const finishWithin = 5_000
/** And waits no longer than this for clients to take their answers. */
const farewell = 500

/** How long a client may take to say what it wants. */
const helloWithin = "5 seconds"
const maxHello = 65_536
const maxConnections = 1_000

/** Longest path of a socket on Linux; macOS has 104. */
const maxPath = 103

export class SocketTaken extends Schema.TaggedError<SocketTaken>()("SocketTaken", {
  path: Schema.String,
  message: Schema.String,
}) {}

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
): Effect.fn.Return<Clients, SocketTaken, Scope.Scope> {
  const { path } = listening
  if (Buffer.byteLength(path) > maxPath)
    return yield* taken(path, `is longer than ${maxPath} letters; choose a shorter HUB_HOME`)
  yield* clear(path)
  const peerOf = yield* Effect.promise(Peer.load)
  if (peerOf === undefined)
    yield* Effect.logWarning(
      `${path}: who connects cannot be asked here; only the mode of the file keeps other users out.`,
    )
  const hub: Hub = {
    ...listening,
    fork: Effect.runForkWith(yield* Effect.context<never>()),
    peerOf,
    connections: new Set(),
    clients: new Map(),
    count: yield* SubscriptionRef.make(0),
    hasEnded: false,
  }
  yield* Effect.acquireRelease(
    Effect.try({ try: () => open(hub), catch: (cause) => refused(path, String(cause)) }),
    (server) => Effect.promise(() => close(hub, server)),
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
  readonly connections: Set<Connection>
  readonly clients: Map<Connection, Client>
  readonly count: SubscriptionRef.SubscriptionRef<number>
  hasEnded: boolean
}

interface Server {
  readonly listener: Bun.UnixSocketListener<Connection>
  /** Of the file that we made. */
  readonly inode: number
}

const refused = (path: string, why: string) =>
  new SocketTaken({ path, message: `The socket ${path} cannot be opened: ${why}.` })
const taken = (path: string, why: string) => Effect.fail(refused(path, why))

const clear = Effect.fnUntraced(function* (path: string) {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) return yield* taken(path, "something that is no socket stands there")
  if (yield* Effect.promise(() => answers(path))) return yield* taken(path, "another hub answers on it")
})

// Under a name of its own first: nobody finds it before its mode is right. And Bun removes a listener's file by name when
// it stops: under the public name that would be the file of the next hub.
const open = (hub: Hub): Server => {
  const own = join(dirname(hub.path), `.${process.pid}`)
  const before = process.umask(0o177)
  try {
    remove(own)
    const listener = Bun.listen<Connection>({ unix: own, socket: handlers(hub) })
    chmodSync(own, 0o600)
    renameSync(own, hub.path)
    return { listener, inode: lstatSync(hub.path).ino }
  } finally {
    process.umask(before)
  }
}

const remove = (path: string): void => {
  try {
    unlinkSync(path)
  } catch {
    // Gone already, as after a crash of the disk below it.
  }
}

const close = async (hub: Hub, { inode, listener }: Server): Promise<void> => {
  // First the name: whoever comes now looks for the next hub, and who came before is still let in.
  if (lstatSync(hub.path, { throwIfNoEntry: false })?.ino === inode) remove(hub.path)
  await Bun.sleep(lastComers)
  hub.hasEnded = true
  listener.stop()
  const all = [...hub.connections]
  for (const one of all) if (!hub.clients.has(one)) one.refuse("ending", ending)
  await atMost(
    finishWithin,
    all.map(({ work }) => work?.finish()),
  )
  for (const { work } of all) work?.stop()
  // A call that was broken off is told on the next turn.
  await Bun.sleep(0)
  for (const connection of all) connection.end()
  // What was answered last is still on its way.
  await atMost(
    farewell,
    all.map(({ said }) => said),
  )
  listener.stop(true)
}

const atMost = (milliseconds: number, all: ReadonlyArray<Promise<void> | undefined>) =>
  Promise.race([Promise.all(all), Bun.sleep(milliseconds)])

const handlers = (hub: Hub): Bun.SocketHandler<Connection> => ({
  open: (socket) => {
    const connection = new Connection(socket, hub.peerOf?.(fdOf(socket)))
    socket.data = connection
    hub.connections.add(connection)
    // Those who are to be told that it is full must not be without number, either.
    if (hub.connections.size > 2 * maxConnections) return connection.cut()
    const fiber = hub.fork(attend(hub, connection))
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

class Refused extends Schema.TaggedError<Refused>()("Refused", {
  reason: Schema.Literals(["protocol", "ending", "stranger", "malformed", "full"]),
  message: Schema.String,
}) {}

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

const Greeted = Schema.fromJsonString(Schema.Struct({ hello: Schema.Struct({ protocol: Schema.Finite }) }))

const Said = Schema.fromJsonString(
  Schema.Struct({
    hello: Schema.Struct({
      protocol: Schema.Literal(PROTOCOL),
      kind: Schema.Literals(["mcp", "calls"]),
      version: Schema.String,
      cwd: Schema.optionalKey(Schema.String),
      parent_run: Schema.optionalKey(Schema.String),
      shim: Schema.optionalKey(Schema.String),
    }),
  }),
)

const malformed = (message: string) => new Refused({ reason: "malformed", message })

const hear = Effect.fnUntraced(function* ({ first }: Connection): Effect.fn.Return<string, Refused> {
  const line = yield* Effect.timeoutOrElse(
    Effect.promise(() => first),
    { duration: helloWithin, orElse: () => malformed(`Nothing was said for ${helloWithin}.`) },
  )
  if (line === undefined || line.length > maxHello)
    return yield* malformed(`The first line is longer than ${maxHello} bytes.`)
  return line.toString("utf8")
})

const decoded = Effect.fnUntraced(function* (text: string): Effect.fn.Return<Hello["hello"], Refused> {
  const greeted = Schema.decodeUnknownResult(Greeted)(text)
  if (Result.isFailure(greeted))
    return yield* malformed(`The first line is no hello. ${greeted.failure.message}`)
  const { protocol } = greeted.success.hello
  if (protocol !== PROTOCOL)
    return yield* new Refused({
      reason: "protocol",
      message: `This hub speaks protocol ${PROTOCOL}, the client ${protocol}: they are of different versions. \`hub restart\` starts the hub that is installed.`,
    })
  const hello = Schema.decodeUnknownResult(Said)(text, { onExcessProperty: "error", errors: "all" })
  if (Result.isFailure(hello)) return yield* malformed(`The hello is wrong. ${hello.failure.message}`)
  return hello.success.hello
})

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

const enter = (hub: Hub, connection: Connection, hello: Hello["hello"]) => {
  hub.clients.set(connection, clientOf(hello, connection))
  return SubscriptionRef.set(hub.count, hub.clients.size)
}

const leave = (hub: Hub, connection: Connection) =>
  Effect.suspend(() => {
    connection.end()
    if (!hub.clients.delete(connection)) return Effect.void
    return SubscriptionRef.set(hub.count, hub.clients.size)
  })

const clientOf = (
  { cwd, kind, parent_run, version }: Hello["hello"],
  { peer, since }: Connection,
): Client => ({
  kind,
  version: version.slice(0, 100),
  ...(cwd === undefined ? {} : { cwd }),
  ...(parent_run === undefined ? {} : { parent_run }),
  since,
  ...(peer?.pid === undefined ? {} : { pid: peer.pid }),
})
