/** Events as `text/event-stream`, in pieces that are made once and sent to many. */
import type { RunEvent } from "../../services/Events.ts"

/** Events that follow each other, as they are sent. Empty when all of them are left out. */
export interface Piece {
  readonly first: number
  readonly last: number
  readonly bytes: Uint8Array
}

export interface Coding {
  /** Which types are sent; `undefined`: all. */
  readonly types: ReadonlySet<string> | undefined
  /** Whether a follower may go on after it: then it is told the number of each. */
  readonly numbered: boolean
}

/** An event is at most 16 KB, so a piece is little more than this. */
const most = 32_768
const encoder = new TextEncoder()

/** `first`: the number of the first event. */
export const pieces = (
  events: ReadonlyArray<RunEvent>,
  first: number,
  { numbered, types }: Coding,
): ReadonlyArray<Piece> => {
  const made: Array<Piece> = []
  let text = ""
  let from = first
  for (const [index, event] of events.entries()) {
    if (types === undefined || types.has(event.type)) text += block(event, numbered)
    if (text.length < most && index < events.length - 1) continue
    made.push({ first: from, last: first + index, bytes: encoder.encode(text) })
    text = ""
    from = first + index + 1
  }
  return made
}

/** A type comes from an adapter and could hold a line break, which would end the field. */
const block = (event: RunEvent, numbered: boolean): string =>
  `${numbered ? `id: ${event.seq}\n` : ""}event: ${event.type.replace(/[\r\n\0]/g, " ")}\ndata: ${JSON.stringify(event)}\n\n`

/** Sent at once: without a first piece Bun sends no headers either. Then a client that is cut off waits so long before it comes again. */
export const hello = encoder.encode("retry: 1000\n\n")
export const heartbeat = encoder.encode(": still here\n\n")

/** An event of the stream itself: it has no number. */
export const notice = (type: string, data: unknown): Uint8Array =>
  encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
