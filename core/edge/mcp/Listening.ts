/**
 * A transport whose `subscriptions/listen` requests are heard.
 *
 * The SDK's entry for long connections answers them by itself and hands out what the server tells; it does not say which
 * resources are wanted, so that would have to be told of all of them.
 */
import type {
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
  Transport,
  TransportSendOptions,
} from "@modelcontextprotocol/server"
import { isObject } from "../JsonSchema.ts"
import { type Held, mostFollowed } from "./Subscriptions.ts"

type Id = string | number

export interface Ear {
  readonly wanted: (uri: string) => Held
  /** After everyone else was told. */
  readonly ended: () => void
}

interface Open {
  readonly held: ReadonlyArray<Held>
  /** The SDK knows of it. */
  isHeard: boolean
}

export class Listening implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  private readonly open = new Map<Id, Open>()
  private readonly wire: Transport
  private readonly ear: Ear

  constructor(wire: Transport, ear: Ear) {
    this.wire = wire
    this.ear = ear
  }

  start(): Promise<void> {
    Object.assign(this.wire, {
      onmessage: (message: JSONRPCMessage) => this.hear(message),
      onerror: (error: Error) => this.onerror?.(error),
      onclose: () => {
        this.open.clear()
        this.onclose?.()
        this.ear.ended()
      },
    })
    return this.wire.start()
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    // An answer to it is its end: refused, or closed by the hub.
    if (!("method" in message) && message.id !== undefined) this.leave(message.id)
    return this.wire.send(message, options)
  }

  close(): Promise<void> {
    return this.wire.close()
  }

  setProtocolVersion(version: string): void {
    this.wire.setProtocolVersion?.(version)
  }

  private hear(message: JSONRPCMessage): void {
    const uris = isListen(message) ? urisOf(message.params) : []
    if (isListen(message) && uris.length > 0) return void this.listen(message, uris)
    if (isCancelled(message) && this.leave(message.params?.["requestId"] as Id)?.isHeard === false) return
    this.onmessage?.(message)
  }

  private async listen(message: JSONRPCRequest, uris: ReadonlyArray<string>): Promise<void> {
    this.leave(message.id)
    const open = { held: uris.map((uri) => this.ear.wanted(uri)), isHeard: false }
    this.open.set(message.id, open)
    await allSettled(open.held)
    if (this.open.get(message.id) !== open) return
    open.isHeard = true
    this.onmessage?.(message)
  }

  private leave(id: Id): Open | undefined {
    const open = this.open.get(id)
    for (const { leave } of open?.held ?? []) leave()
    this.open.delete(id)
    return open
  }
}

const isListen = (message: JSONRPCMessage): message is JSONRPCRequest =>
  "method" in message && "id" in message && message.method === "subscriptions/listen"

const isCancelled = (message: JSONRPCMessage): message is JSONRPCNotification =>
  "method" in message && message.method === "notifications/cancelled"

/** Acknowledged earlier, a change in between would be lost. */
export const allSettled = (held: ReadonlyArray<Held>) => Promise.all(held.map(({ settled }) => settled))

/** The resources that the parameters of `subscriptions/listen` name, each once, at most as many as one may follow. */
export const urisOf = (params: unknown): ReadonlyArray<string> => {
  const filter = isObject(params) ? params["notifications"] : undefined
  const uris = isObject(filter) ? filter["resourceSubscriptions"] : undefined
  return Array.isArray(uris)
    ? [...new Set(uris.slice(0, mostFollowed).filter((uri) => typeof uri === "string"))]
    : []
}
