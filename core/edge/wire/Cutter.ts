/** Bytes cut into lines, however they come. Free of Effect: the shim loads it. */

/** Bytes of a message: the largest input, and what is around it. */
export const maxLine = 20_100_000

/** A part of a line that is too long, to find the id of its request in. */
const edge = 256

export interface Cut {
  /** With its line end, if it had one. */
  readonly line: (bytes: Buffer) => void
  /** Both ends of a line above the limit. */
  readonly tooLong: (head: Buffer, tail: Buffer) => void
}

export class Cutter {
  private parts: Array<Buffer> = []
  private length = 0
  private tail = Buffer.alloc(0)

  private readonly to: Cut
  private readonly max: number

  constructor(to: Cut, max = maxLine) {
    this.to = to
    this.max = max
  }

  take(chunk: Buffer): void {
    let start = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
      this.keep(chunk.subarray(start, at + 1))
      this.cut()
      start = at + 1
    }
    if (start < chunk.length) this.keep(chunk.subarray(start))
  }

  /** Hands on a last line without its end. */
  end(): void {
    if (this.length > 0) this.cut()
  }

  /** Of a line that is too long only both ends are kept. */
  private keep(part: Buffer): void {
    this.length += part.length
    if (this.length <= this.max) {
      this.parts.push(part)
      return
    }
    this.tail = Buffer.from(Buffer.concat([this.tail, part.subarray(-edge)]).subarray(-edge))
    this.parts = [Buffer.from(Buffer.concat(this.parts).subarray(0, edge))]
  }

  private cut(): void {
    const { length, parts, tail } = this
    this.parts = []
    this.length = 0
    this.tail = Buffer.alloc(0)
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    if (length > this.max) this.to.tooLong(bytes, tail)
    else this.to.line(bytes)
  }
}

export type Id = string | number

/** The id in what is left of a request that was too long. Clients write it first or last. */
export const idOf = (head: Buffer, tail: Buffer): Id | null => {
  const first = /^\s*\{"jsonrpc":"2\.0","id":(\d{1,15}|"[^"\\]{1,100}"),/.exec(head.toString("latin1"))
  const last = /,"id":(\d{1,15}|"[^"\\]{1,100}")\}\s*$/.exec(tail.toString("latin1"))
  const found = first?.[1] ?? last?.[1]
  return found === undefined ? null : (JSON.parse(found) as Id)
}

export const tooLongText = `A message may have ${maxLine / 1_000_000} MB at most.`
