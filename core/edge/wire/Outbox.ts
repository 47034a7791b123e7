/** What is on its way into a socket that takes only as much as its reader reads. Free of Effect: the shim loads it. */

/** Bytes handed to the socket at once. */
const portion = 262_144

export interface Pipe {
  /** Gives how many bytes it took; less than nothing when it is closed. */
  readonly write: (bytes: Buffer) => number
}

export class Outbox {
  /** Bytes that wait. */
  size = 0
  private waiting: Array<Buffer> = []
  private isDue = false
  private isFull = false
  private whenEmpty: Array<() => void> = []

  private readonly pipe: Pipe

  constructor(pipe: Pipe) {
    this.pipe = pipe
  }

  /** The first goes out at once, for what its writer does next may take long; others of this turn of the loop together, at its end. */
  write(data: string | Buffer): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data
    this.waiting.push(bytes)
    this.size += bytes.length
    if (this.isDue || this.isFull) return
    this.isDue = true
    queueMicrotask(this.first)
  }

  /** Call when the socket takes more again. */
  drain(): void {
    this.isFull = false
    this.flush()
  }

  /** Resolves once all is with the system, or given up. */
  get empty(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.whenEmpty.push(resolve))
  }

  /** Forgets what waits: nobody will read it. */
  clear(): void {
    this.waiting = []
    this.size = 0
    this.tell()
  }

  private readonly first = (): void => {
    setImmediate(this.others)
    this.flush()
  }

  private readonly others = (): void => {
    this.isDue = false
    this.flush()
  }

  private flush(): void {
    while (this.size > 0 && !this.isFull) this.push(this.next())
    if (this.size === 0) this.tell()
  }

  private push(bytes: Buffer): void {
    const taken = this.pipe.write(bytes)
    if (taken < 0) return this.clear()
    this.size -= taken
    if (taken === bytes.length) return
    this.waiting.unshift(bytes.subarray(taken))
    this.isFull = true
  }

  private next(): Buffer {
    let count = 0
    for (let bytes = 0; count < this.waiting.length && bytes < portion; count++)
      bytes += this.waiting[count]!.length
    const parts = this.waiting.splice(0, count)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  private tell(): void {
    const waiting = this.whenEmpty
    this.whenEmpty = []
    for (const tell of waiting) tell()
  }
}
