/** The client's end of a connection to a hub. Free of Effect: the shim loads it. */
import { type Cut, Cutter } from "./Cutter.ts"
import { Outbox } from "./Outbox.ts"
import type { Greeting, Hello } from "./Protocol.ts"

/** Bytes of a line that a hub may say: an answer may hold more than a request. */
const maxAnswer = 100_000_000

/** How long a hub may take to answer a hello, in milliseconds. */
const welcomeWithin = 10_000

type Welcome = Extract<Greeting, { welcome: unknown }>["welcome"]
type Reason = Extract<Greeting, { refused: unknown }>["refused"]["reason"]

/** No hub listens here. */
export class Nobody extends Error {}

/** A hub is there, and does not let us in. */
export class Refusal extends Error {
  readonly reason: Reason | "silent"

  constructor(reason: Reason | "silent", message: string) {
    super(message)
    this.reason = reason
  }
}

export interface Hearing extends Cut {
  /** The connection is gone. Not called when `open` fails. */
  readonly lost: () => void
}

export class Link implements Cut {
  welcome: Welcome | undefined
  private readonly cutter = new Cutter(this, maxAnswer)
  private readonly outbox: Outbox
  isClosed = false

  private readonly socket: Bun.Socket
  private readonly to: Hearing
  private readonly greeted: (greeting: Greeting | undefined) => void

  constructor(socket: Bun.Socket, to: Hearing, greeted: (greeting: Greeting | undefined) => void) {
    this.socket = socket
    this.outbox = new Outbox(socket)
    this.to = to
    this.greeted = greeted
  }

  write(data: string | Buffer): void {
    if (!this.isClosed) this.outbox.write(data)
  }

  /** Bytes that wait for the hub to read. */
  get pile(): number {
    return this.outbox.size
  }

  /** Resolves once nothing waits, or nobody is left to read it. */
  get sent(): Promise<void> {
    return this.outbox.empty
  }

  /** Reads no more, until `resume`. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    if (!this.isClosed) this.socket.resume()
  }

  /** Does an open connection keep this process alive? */
  keepAlive(isWanted: boolean): void {
    if (this.isClosed) return
    if (isWanted) this.socket.ref()
    else this.socket.unref()
  }

  end(): void {
    if (!this.isClosed) this.socket.end()
  }

  take(chunk: Buffer): void {
    this.cutter.take(chunk)
  }

  drain(): void {
    this.outbox.drain()
  }

  line(bytes: Buffer): void {
    if (this.welcome !== undefined) return this.to.line(bytes)
    const greeting = greetingOf(bytes)
    if (greeting !== undefined && "welcome" in greeting) this.welcome = greeting.welcome
    this.greeted(greeting)
  }

  tooLong(head: Buffer, tail: Buffer): void {
    if (this.welcome !== undefined) return this.to.tooLong(head, tail)
    this.greeted(undefined)
  }

  closed(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.outbox.clear()
    if (this.welcome === undefined) this.greeted(undefined)
    else this.to.lost()
  }
}

const greetingOf = (bytes: Buffer): Greeting | undefined => {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as Greeting
    if ("welcome" in value && Array.isArray(value.welcome.repeatable)) return value
    return "refused" in value && typeof value.refused.message === "string" ? value : undefined
  } catch {
    return undefined
  }
}

/** Connects and says hello. Rejects with `Nobody` or `Refusal`. */
export const open = async (path: string, hello: Hello["hello"], to: Hearing): Promise<Link> => {
  const { promise, resolve } = Promise.withResolvers<Greeting | undefined>()
  const link = await dial(path, (socket) => new Link(socket, to, resolve))
  link.write(`${JSON.stringify({ hello })}\n`)
  const timer = setTimeout(resolve, welcomeWithin)
  const greeting = await promise
  clearTimeout(timer)
  if (link.welcome !== undefined) return link
  link.end()
  if (greeting !== undefined && "refused" in greeting)
    throw new Refusal(greeting.refused.reason, greeting.refused.message)
  if (greeting === undefined && link.isClosed) throw new Nobody(`Whoever listened on ${path} hung up.`)
  throw new Refusal("silent", `Whoever listens on ${path} does not greet as a hub does.`)
}

/** Does anybody listen? */
export const answers = async (path: string): Promise<boolean> => {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } })
    socket.end()
    return true
  } catch (cause) {
    return !isNobody(cause)
  }
}

const dial = async (path: string, make: (socket: Bun.Socket) => Link): Promise<Link> => {
  let link: Link | undefined
  const of = (socket: Bun.Socket): Link => (link ??= make(socket))
  try {
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data: (socket, chunk) => of(socket).take(chunk),
        drain: (socket) => of(socket).drain(),
        close: (socket) => of(socket).closed(),
        error: (socket) => of(socket).closed(),
      },
    })
    return of(socket)
  } catch (cause) {
    if (isNobody(cause)) throw new Nobody(`No hub answers on ${path}.`)
    throw cause
  }
}

/** ECONNRESET: whoever listened went before it let us in. */
const isNobody = (cause: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED", "ECONNRESET"].includes(String((cause as { code?: unknown }).code))
