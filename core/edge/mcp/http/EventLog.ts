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
  /** The message. As text it is nothing for the garbage collector to look through. */
  readonly text: string
}

export class EventLog implements EventStore {
  /** By number, from `first` to `last`. */
  private readonly events = new Map<number, Event>()
  private first = 1
  private last = 0
  private bytes = 0

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const text = JSON.stringify(message)
    this.events.set(++this.last, { stream, text })
    this.bytes += text.length
    this.forget()
    return String(this.last)
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.events.get(Number(id))?.stream
  }

  async replayEventsAfter(
    id: string,
    { send }: { readonly send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const from = this.events.get(Number(id))
    if (from === undefined) throw new Error(`There is no event ${id}`)
    // What is told meanwhile is seen too.
    for (let at = Number(id) + 1; at <= this.last; at++) {
      const event = this.events.get(at)
      if (event?.stream === from.stream && event.text !== opening)
        await send(String(at), JSON.parse(event.text) as JSONRPCMessage)
    }
    return from.stream
  }

  private forget(): void {
    while (this.first < this.last && (this.events.size > mostEvents || this.bytes > mostBytes)) {
      this.bytes -= this.events.get(this.first)?.text.length ?? 0
      this.events.delete(this.first++)
    }
  }
}

/** What a stream begins with, so that there is an event to go on after. */
const opening = "{}"
