/**
 * A transport whose `subscriptions/listen` requests are heard.
 *
 * The SDK's entry for long connections answers them by itself and hands out what the server tells; it does not say which
 * resources are wanted, so that would have to be told of all of them.
 */
import type { JSONRPCMessage, Transport, TransportSendOptions } from "@modelcontextprotocol/server"
import { isObject } from "../JsonSchema.ts"
import { mostFollowed } from "./Subscriptions.ts"

type Id = string | number

export interface Ear {
  /** Until the function it gives is called. */
  readonly wanted: (uri: string) => () => void
  /** After everyone else was told. */
  readonly ended: () => void
}

export class Listening implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  private readonly open = new Map<Id, ReadonlyArray<() => void>>()
  private readonly wire: Transport
  private readonly ear: Ear

  constructor(wire: Transport, ear: Ear) {
    this.wire = wire
    this.ear = ear
  }

  start(): Promise<void> {
    Object.assign(this.wire, {
      onmessage: (message: JSONRPCMessage) => {
        this.hear(message)
        this.onmessage?.(message)
      },
      onerror: (error: Error) => this.onerror?.(error),
      onclose: () => {
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
    if (!("method" in message)) return
    if (message.method === "subscriptions/listen" && "id" in message)
      this.want(message.id, urisOf(message.params))
    if (message.method === "notifications/cancelled") this.leave(message.params?.["requestId"] as Id)
  }

  private want(id: Id, uris: ReadonlyArray<string>): void {
    this.leave(id)
    if (uris.length > 0)
      this.open.set(
        id,
        uris.map((uri) => this.ear.wanted(uri)),
      )
  }

  private leave(id: Id): void {
    for (const left of this.open.get(id) ?? []) left()
    this.open.delete(id)
  }
}

/** The resources that the parameters of `subscriptions/listen` name, each once, at most as many as one may follow. */
export const urisOf = (params: unknown): ReadonlyArray<string> => {
  const filter = isObject(params) ? params["notifications"] : undefined
  const uris = isObject(filter) ? filter["resourceSubscriptions"] : undefined
  return Array.isArray(uris)
    ? [...new Set(uris.slice(0, mostFollowed).filter((uri) => typeof uri === "string"))]
    : []
}
