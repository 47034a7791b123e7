/** `hub serve --stdio`: passes the lines of an MCP client to the hub of its home and back, whichever hub that is. Free of Effect. */
import type { FSWatcher } from "node:fs"
import { join } from "node:path"
import { type Cut, Cutter, idOf, maxLine, tooLongText } from "../wire/Cutter.ts"
import { type Link, Nobody, open, Refusal } from "../wire/Link.ts"
import { type Hello, PROTOCOL } from "../wire/Protocol.ts"
import { Output, type Sink } from "./Output.ts"
import { Session } from "./Session.ts"
import { serveWhileNeeded, start, watching } from "./Start.ts"

export interface ShimOptions {
  /** Absolute. */
  readonly home: string
  readonly version: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
  /** Absolute: the file that a hub is started with. One that is at work already keeps its own. */
  readonly config?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: ReadableStream<Uint8Array>
  readonly stdout: Sink
  readonly stderr: (text: string) => void
}

/** How long answers may still take after the client closed its end, and a client to take them. In milliseconds. */
const lastAnswers = 1_000
const farewell = 500

/** Bytes of the client that may wait: for a hub that is looked for, and for one that is slow. */
const maxGap = 64_000_000
const maxPile = 1_000_000

/** A hub that goes as soon as it is found is looked for so many times. */
const maxAttempts = 5

const unreachable = 4

/** Ends with its client. Gives the exit code. */
export const runShim = (options: ShimOptions): Promise<number> => new Shim(options).run()

class Shim {
  private readonly session: Session
  private readonly output: Output
  private readonly hello: Hello["hello"]
  private readonly socket: string
  private readonly finished = Promise.withResolvers<number>()

  private link: Link | undefined
  private isConnecting = false
  /** The hub knows all that it must; lines go through. */
  private isLive = false
  private wasLive = false
  private hasFailed = false
  private hasEnded = false
  private isOutputFull = false
  private standby: FSWatcher | undefined

  /** Lines of the client that came while there was no hub. */
  private gap: Array<Buffer> = []
  private gapBytes = 0
  private room: (() => void) | undefined

  private readonly options: ShimOptions

  constructor(options: ShimOptions) {
    const { cwd, env, home, stdout, version } = options
    const run = env["HUB_RUN"]
    this.options = options
    this.socket = join(home, "hub.sock")
    this.session = new Session(crypto.randomUUID())
    this.hello = {
      protocol: PROTOCOL,
      kind: "mcp",
      version,
      cwd,
      ...(run === undefined || run === "" ? {} : { parent_run: run }),
    }
    this.output = new Output(stdout, {
      full: (isFull) => this.full(isFull),
      broken: () => void this.finish(),
    })
  }

  run(): Promise<number> {
    const end = () => this.end()
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end)
    void this.read().then(end, end)
    void this.connect(true)
    return this.finished.promise
  }

  private async read(): Promise<void> {
    const fromClient: Cut = {
      line: (bytes) => this.asked(bytes),
      tooLong: (head, tail) => this.tell(this.session.fail(idOf(head, tail), tooLongText, -32_600)),
    }
    const cutter = new Cutter(fromClient, maxLine)
    const reader = this.options.stdin.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return cutter.end()
      cutter.take(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      while (this.isFull) await this.nextRoom()
    }
  }

  private get isFull(): boolean {
    return this.gapBytes > maxGap || (this.link?.pile ?? 0) > maxPile
  }

  private nextRoom(): Promise<void> {
    if (this.isLive && this.link !== undefined) return this.link.sent
    return new Promise((resolve) => (this.room = resolve))
  }

  private makeRoom(): void {
    this.room?.()
    this.room = undefined
  }

  private asked(line: Buffer): void {
    if (this.isLive) return this.forward(line)
    // A last line may have no end.
    const whole = line.at(-1) === 10 ? Buffer.from(line) : Buffer.concat([line, newline])
    this.gap.push(whole)
    this.gapBytes += whole.length
    void this.connect(true)
  }

  private forward(line: Buffer): void {
    const toHub = this.session.toHub(line)
    if (toHub === undefined || this.link === undefined) return
    this.link.write(toHub)
    if (toHub.at(-1) !== 10) this.link.write(newline)
  }

  private answered(line: Buffer): void {
    const toClient = this.session.toClient(line)
    if (toClient !== undefined) this.tell(toClient)
    this.leave()
  }

  private tell(...lines: ReadonlyArray<Buffer | string>): void {
    for (const line of lines) this.output.write(line)
  }

  private async connect(mayStart: boolean): Promise<void> {
    if (this.isConnecting || this.link !== undefined) return
    this.isConnecting = true
    try {
      this.found(await this.reach(mayStart))
    } catch (cause) {
      this.missed(cause, mayStart)
    } finally {
      this.isConnecting = false
    }
  }

  private async reach(mayStart: boolean): Promise<Link> {
    const { config, env, home, self } = this.options
    const args = [...serveWhileNeeded, ...(config === undefined ? [] : ["--config", config])]
    for (let attempt = 1; ; attempt++) {
      try {
        return await open(this.socket, this.hello, {
          line: (bytes) => this.answered(bytes),
          tooLong: (head, tail) => this.tell(this.session.fail(idOf(head, tail), tooMuch)),
          lost: () => this.lost(),
        })
      } catch (cause) {
        if (!isPassing(cause) || !mayStart || attempt === maxAttempts) throw cause
      }
      await start({ home, self, args, env })
    }
  }

  private found(link: Link): void {
    this.standby?.close()
    this.standby = undefined
    if (link.isClosed) return this.lost()
    this.link = link
    if (this.isOutputFull) link.pause()
    this.session.replay(
      (line) => link.write(line),
      (told) => this.live(told),
    )
  }

  private live(told: ReadonlyArray<string>): void {
    this.tell(...told)
    this.isLive = true
    this.wasLive = true
    const { gap } = this
    this.gap = []
    this.gapBytes = 0
    for (const line of gap) this.forward(line)
    this.makeRoom()
  }

  private missed(cause: unknown, mayStart: boolean): void {
    if (!mayStart && isPassing(cause)) {
      if (this.isNeeded) this.soon()
      return
    }
    const message = cause instanceof Error ? cause.message : String(cause)
    this.options.stderr(`hub: ${message}\n`)
    this.hasFailed = true
    const { gap } = this
    this.gap = []
    this.gapBytes = 0
    // As if they had been sent: so it is known what asks for an answer.
    for (const line of gap) this.session.toHub(line)
    this.tell(...this.session.failed(message))
    this.makeRoom()
    this.leave()
  }

  private soon(): void {
    queueMicrotask(() => void this.connect(true))
  }

  private get isNeeded(): boolean {
    return this.gap.length > 0 || this.session.isWaiting
  }

  private lost(): void {
    const repeatable = new Set(this.link?.welcome?.repeatable)
    this.link = undefined
    this.isLive = false
    this.tell(...this.session.lost(repeatable))
    this.makeRoom()
    this.leave()
    if (this.isNeeded) this.soon()
    else this.waitForHub()
  }

  /** A hub that was stopped stays stopped until the client asks for something; one that is started is joined at once. */
  private waitForHub(): void {
    this.standby ??= watching(this.options.home, "hub.sock", () => void this.connect(false))
  }

  private full(isFull: boolean): void {
    this.isOutputFull = isFull
    if (isFull) this.link?.pause()
    else this.link?.resume()
  }

  /** The client closed its end: what it asked is still answered, for a moment. */
  private end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    setTimeout(() => void this.finish(), lastAnswers)
    this.leave()
  }

  private leave(): void {
    if (this.hasEnded && !this.isNeeded) void this.finish()
  }

  private async finish(): Promise<void> {
    await Promise.race([this.output.done, Bun.sleep(farewell)])
    this.link?.end()
    this.finished.resolve(this.hasFailed && !this.wasLive ? unreachable : 0)
  }
}

const newline = Buffer.from("\n")

const tooMuch = "The hub's answer is larger than what passes here. Ask for a part of it."

/** The hub is not there, or about to go. */
const isPassing = (cause: unknown): boolean =>
  cause instanceof Nobody || (cause instanceof Refusal && cause.reason === "ending")
