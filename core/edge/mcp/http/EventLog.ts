/**
 * What one session was told lately, so that a client whose stream was cut goes on after the last event that it saw.
 *
 * In memory, and bounded: the oldest go first. Who asks to go on after an event that is gone is refused with 400, and begins a
 * session anew; what it asked for goes on all the same.
 */
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server"

export const mostEvents = 1_000
/** The newest event is kept even when it alone is larger. */
export const mostBytes = 1_000_000

interface Event {
  readonly stream: string
  readonly message: JSONRPCMessage
  readonly bytes: number
}

export class EventLog implements EventStore {
  private readonly events = new Map<string, Event>()
  private bytes = 0
  private last = 0

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const id = String(++this.last)
    const bytes = JSON.stringify(message).length
    this.events.set(id, { stream, message, bytes })
    this.bytes += bytes
    this.forget()
    return id
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.events.get(id)?.stream
  }

  async replayEventsAfter(
    id: string,
    { send }: { readonly send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const from = this.events.get(id)
    if (from === undefined) throw new Error(`There is no event ${id}`)
    // What is told meanwhile is seen too: a Map is walked to what is its end by then.
    for (const [other, { message, stream }] of this.events)
      if (stream === from.stream && Number(other) > Number(id) && !isEmpty(message))
        await send(other, message)
    return from.stream
  }

  private forget(): void {
    for (const [id, { bytes }] of this.events) {
      const isOver = this.events.size > mostEvents || this.bytes > mostBytes
      if (!isOver || this.events.size === 1) return
      this.events.delete(id)
      this.bytes -= bytes
    }
  }
}

/** What a stream begins with, so that there is an event to go on after. */
const isEmpty = (message: object): boolean => !("jsonrpc" in message)
