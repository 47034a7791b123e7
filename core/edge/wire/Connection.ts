/** One connection to the hub: its lines, what waits for its reader, and its end. */
import { type Cut, Cutter, maxLine } from "./Cutter.ts"
import { Outbox } from "./Outbox.ts"
import type { Peer } from "./Peer.ts"
import type { Greeting, Told } from "./Protocol.ts"

/** A shim adds its key to a request. */
const maxBytes = maxLine + 1_000

/** Bytes that may wait for a client that does not read. */
export const maxPile = 64_000_000

/** A client that was told the end, and does not hang up, is cut off after so many milliseconds. */
const farewell = 5_000

/** What a connection is for, once it is known. */
export interface Work extends Cut {
  /** The client is gone. */
  readonly gone: () => void
  /** Begins nothing more, breaks off whoever only looks, and waits for the others. */
  readonly finish: () => Promise<void>
  /** What is not finished now is broken off. */
  readonly stop: () => void
}

export type Reason = Extract<Greeting, { refused: unknown }>["refused"]["reason"]

export class Connection implements Cut {
  private readonly outbox: Outbox
  private readonly cutter = new Cutter(this, maxBytes)
  private early: Array<readonly [line: Buffer, tail?: Buffer]> = []
  private hear: (line: Buffer | undefined) => void = () => {}
  private hasHeard = false
  private isEnding = false
  private isClosed = false
  work: Work | undefined
  /** Called once, when the other end is gone. */
  whenClosed: () => void = () => {}

  private readonly socket: Bun.Socket<Connection>
  readonly peer: Peer | undefined

  constructor(socket: Bun.Socket<Connection>, peer: Peer | undefined) {
    this.socket = socket
    this.peer = peer
    this.outbox = new Outbox(socket)
  }

  /** The first line; undefined when it is too long, or never came whole. */
  readonly first = new Promise<Buffer | undefined>((resolve) => {
    this.hear = resolve
  })

  /** From now on lines go to `work`: also those that came early. */
  begin(work: Work): void {
    this.work = work
    const { early } = this
    this.early = []
    for (const [line, tail] of early)
      if (tail === undefined) work.line(line)
      else work.tooLong(line, tail)
    this.socket.resume()
  }

  take(chunk: Buffer): void {
    if (!this.isEnding) this.cutter.take(chunk)
  }

  line(bytes: Buffer): void {
    if (this.work !== undefined) return this.work.line(bytes)
    this.wait(() => this.hear(bytes), bytes)
  }

  tooLong(head: Buffer, tail: Buffer): void {
    if (this.work !== undefined) return this.work.tooLong(head, tail)
    this.wait(() => this.hear(undefined), head, tail)
  }

  /** The first line is heard; those behind it wait until it is known what for, and nothing more is read. */
  private wait(first: () => void, line: Buffer, tail?: Buffer): void {
    if (this.hasHeard) return void this.early.push(tail === undefined ? [line] : [line, tail])
    this.hasHeard = true
    this.socket.pause()
    first()
  }

  drain(): void {
    this.outbox.drain()
  }

  /** Bytes that wait for the client to read. */
  get pile(): number {
    return this.outbox.size
  }

  tell(message: Greeting | Told): void {
    this.write(`${JSON.stringify(message)}\n`)
  }

  write(line: string): void {
    if (this.isEnding || this.isClosed) return
    this.outbox.write(line)
    if (this.outbox.size > maxPile) this.cut()
  }

  refuse(reason: Reason, message: string): void {
    this.tell({ refused: { reason, message } })
    this.end()
  }

  /** Says what it still has to say, and waits for the other end to hang up: what is unread when it closes is lost to it. */
  end(): void {
    if (this.isEnding || this.isClosed) return
    this.isEnding = true
    setTimeout(() => this.cut(), farewell).unref()
    this.socket.resume()
    void this.outbox.empty.then(() => {
      if (!this.isClosed) this.socket.shutdown()
    })
  }

  /** Resolves once everything said is on its way. */
  get said(): Promise<void> {
    return this.outbox.empty
  }

  /** Hangs up at once. */
  cut(): void {
    if (!this.isClosed) this.socket.terminate()
  }

  /** The other end is gone. */
  closed(): void {
    this.isClosed = true
    this.outbox.clear()
    this.hear(undefined)
    this.work?.gone()
    this.whenClosed()
  }
}
