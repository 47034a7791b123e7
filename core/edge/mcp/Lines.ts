/** JSON-RPC messages, one a line, over two streams. What is broken is answered, and the connection goes on. */
import type { Readable, Writable } from "node:stream"
import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from "@modelcontextprotocol/server"

/** Bytes of one line: the largest input, and the message around it. */
export const maxLine = 20_100_000

/** How long answers may still take after the client closed its end, in milliseconds. */
const lastAnswers = 1_000

/** A part of a line that is too long, to find the id of its request in. */
const edge = 256

type Id = string | number
type Output = Pick<Writable, "write" | "on">

export class Lines implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  private chunks: Array<Buffer> = []
  private length = 0
  private tail = Buffer.alloc(0)
  private closed = false
  private ended = false
  private readonly open = new Set<Id>()

  private readonly input: Readable
  private readonly output: Output

  constructor(input: Readable, output: Output) {
    this.input = input
    this.output = output
  }

  async start(): Promise<void> {
    this.output.on("error", () => void this.close())
    this.output.on("close", () => void this.close())
    this.input.on("data", (chunk: Buffer) => this.take(chunk))
    this.input.on("end", () => this.end())
    this.input.on("close", () => this.end())
    this.input.on("error", () => this.end())
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (this.closed) return Promise.resolve()
    if (!("method" in message) && message.id !== undefined) this.open.delete(message.id)
    return new Promise((resolve) => {
      this.output.write(`${JSON.stringify(message)}\n`, () => {
        this.leave()
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.input.removeAllListeners("data")
    this.input.pause()
    this.onclose?.()
  }

  /** The client closed its end: what it asked is still answered, for a moment. */
  private end(): void {
    if (this.ended) return
    this.ended = true
    if (this.length > 0) this.line()
    setTimeout(() => void this.close(), lastAnswers).unref()
    this.leave()
  }

  private leave(): void {
    if (this.ended && this.open.size === 0) void this.close()
  }

  private take(chunk: Buffer): void {
    let start = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
      this.keep(chunk.subarray(start, at))
      this.line()
      start = at + 1
    }
    this.keep(chunk.subarray(start))
  }

  /** Of a line that is too long only both ends are kept. */
  private keep(part: Buffer): void {
    this.length += part.length
    if (this.length <= maxLine) {
      if (part.length > 0) this.chunks.push(part)
      return
    }
    this.tail = Buffer.from(Buffer.concat([this.tail, part.subarray(-edge)]).subarray(-edge))
    this.chunks = [Buffer.from(Buffer.concat(this.chunks).subarray(0, edge))]
  }

  private line(): void {
    const [bytes, tail, isLong] = [Buffer.concat(this.chunks), this.tail, this.length > maxLine]
    this.chunks = []
    this.length = 0
    this.tail = Buffer.alloc(0)
    if (isLong)
      return this.refuse(-32600, `A message may have ${maxLine / 1_000_000} MB at most.`, idOf(bytes, tail))
    const text = bytes.toString("utf8").trim()
    if (text !== "") this.parse(text)
  }

  private parse(text: string): void {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return this.refuse(-32700, "Parse error: this line is no JSON.", null)
    }
    try {
      this.receive(parseJSONRPCMessage(value))
    } catch {
      this.refuse(-32600, "Invalid request: this is no JSON-RPC 2.0 message.", idIn(value))
    }
  }

  private receive(message: JSONRPCMessage): void {
    if ("method" in message && "id" in message) this.open.add(message.id)
    if ("method" in message && message.method === "notifications/cancelled")
      this.open.delete(cancelled(message.params))
    this.onmessage?.(message)
  }

  private refuse(code: number, message: string, id: Id | null): void {
    void this.send({ jsonrpc: "2.0", id: id as Id, error: { code, message } })
  }
}

const cancelled = (params: Readonly<Record<string, unknown>> | undefined): Id => params?.["requestId"] as Id

const idIn = (value: unknown): Id | null => {
  const id = typeof value === "object" && value !== null ? Reflect.get(value, "id") : null
  return typeof id === "string" || typeof id === "number" ? id : null
}

/** Clients write the id first or last. */
const idOf = (head: Buffer, tail: Buffer): Id | null => {
  const first = /^\s*\{"jsonrpc":"2\.0","id":(\d{1,15}|"[^"\\]{1,100}"),/.exec(head.toString("latin1"))
  const last = /,"id":(\d{1,15}|"[^"\\]{1,100}")\}\s*$/.exec(tail.toString("latin1"))
  const found = first?.[1] ?? last?.[1]
  return found === undefined ? null : (JSON.parse(found) as Id)
}
