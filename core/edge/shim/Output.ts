/** stdout of a shim: what is written in one turn goes out together, and a reader that is slow is waited for. */

/** A `Bun.FileSink`. */
export interface Sink {
  readonly write: (bytes: Buffer | string) => number | Promise<number>
  readonly flush: () => number | Promise<number>
}

export interface Reader {
  /** Takes no more for now; `full(false)`: takes more again. */
  readonly full: (isFull: boolean) => void
  /** Is gone. */
  readonly broken: () => void
}

export class Output {
  private isDue = false
  private isBroken = false
  private flushing: Promise<void> | undefined

  private readonly sink: Sink
  private readonly reader: Reader

  constructor(sink: Sink, reader: Reader) {
    this.sink = sink
    this.reader = reader
  }

  write(bytes: Buffer | string): void {
    if (this.isBroken) return
    this.attempt(() => this.sink.write(bytes))
    if (this.isDue) return
    this.isDue = true
    queueMicrotask(this.flush)
  }

  /** Resolves once all is with the system, or nobody reads any more. */
  get done(): Promise<void> {
    if (this.isDue) this.flush()
    return this.flushing ?? Promise.resolve()
  }

  private readonly flush = (): void => {
    this.isDue = false
    if (this.isBroken) return
    const flushed = this.attempt(() => this.sink.flush())
    if (typeof flushed !== "object") return
    if (this.flushing === undefined) this.reader.full(true)
    const flushing: Promise<void> = flushed.then(() => this.flushed(flushing))
    this.flushing = flushing
  }

  private flushed(flushing: Promise<void>): void {
    if (this.flushing !== flushing) return
    this.flushing = undefined
    if (!this.isBroken) this.reader.full(false)
  }

  private attempt(work: () => number | Promise<number>): Promise<unknown> | number {
    try {
      const result = work()
      return typeof result === "number" ? result : result.catch(() => this.break())
    } catch {
      this.break()
      return 0
    }
  }

  private break(): void {
    if (this.isBroken) return
    this.isBroken = true
    this.reader.broken()
  }
}
