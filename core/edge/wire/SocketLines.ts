/** MCP over a connection to the hub. */
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/server"
import { Framed } from "../mcp/Framed.ts"
import type { Connection, Work } from "./Connection.ts"
import { ENDING } from "./Protocol.ts"

export class SocketLines extends Framed implements Work {
  private isEnding = false
  private whenLeft: (() => void) | undefined

  private readonly connection: Connection
  private readonly isLooking: (name: string) => boolean

  /** `isLooking`: may the operation be broken off, and asked again of the next hub? */
  constructor(connection: Connection, isLooking: (name: string) => boolean) {
    super()
    this.connection = connection
    this.isLooking = isLooking
  }

  async start(): Promise<void> {
    this.connection.begin(this)
  }

  gone(): void {
    void this.close()
    this.whenLeft?.()
  }

  finish(): Promise<void> {
    this.isEnding = true
    return this.hasWork() ? new Promise((resolve) => (this.whenLeft = resolve)) : Promise.resolve()
  }

  stop(): void {
    void this.close()
  }

  override async close(): Promise<void> {
    await super.close()
    this.connection.end()
  }

  protected override receive(message: JSONRPCMessage): void {
    if (this.isEnding && "method" in message && "id" in message)
      return this.refuse(ENDING, "The hub ends. Ask again: the next one answers.", message.id)
    super.receive(message)
  }

  protected put(line: string): Promise<void> {
    this.connection.write(line)
    return Promise.resolve()
  }

  protected left(): void {
    if (!this.hasWork()) this.whenLeft?.()
  }

  private hasWork(): boolean {
    return [...this.open.values()].some((request) => this.changes(request))
  }

  private changes({ method, params }: JSONRPCRequest): boolean {
    return method === "tools/call" && !this.isLooking(String(params?.["name"]))
  }
}
