/** JSON-RPC messages, one a line, whatever carries them. What is broken is answered, and the connection goes on. */
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  parseJSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/server"
import { type Cut, type Id, idOf, tooLongText } from "../wire/Cutter.ts"

export abstract class Framed implements Transport, Cut {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  protected isClosed = false
  /** Requests of the client that are not answered, nor cancelled. */
  protected readonly open = new Map<Id, JSONRPCRequest>()

  abstract start(): Promise<void>
  /** Resolves once the line is on its way. */
  protected abstract put(line: string): Promise<void>
  /** After each answer. */
  protected abstract left(): void

  send(message: JSONRPCMessage): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    if (!("method" in message) && message.id !== undefined) this.open.delete(message.id)
    return this.put(`${JSON.stringify(message)}\n`).then(() => this.left())
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.onclose?.()
  }

  line(bytes: Buffer): void {
    if (this.isClosed) return
    const text = bytes.toString("utf8").trim()
    if (text !== "") this.parse(text)
  }

  tooLong(head: Buffer, tail: Buffer): void {
    this.refuse(-32600, tooLongText, idOf(head, tail))
  }

  protected receive(message: JSONRPCMessage): void {
    if ("method" in message && "id" in message) this.open.set(message.id, message)
    if ("method" in message && message.method === "notifications/cancelled")
      this.open.delete(message.params?.["requestId"] as Id)
    this.onmessage?.(message)
  }

  protected refuse(code: number, message: string, id: Id | null): void {
    void this.send({ jsonrpc: "2.0", id: id as Id, error: { code, message } })
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
}

const idIn = (value: unknown): Id | null => {
  const id = typeof value === "object" && value !== null ? Reflect.get(value, "id") : null
  return typeof id === "string" || typeof id === "number" ? id : null
}
