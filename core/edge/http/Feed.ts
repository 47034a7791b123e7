/**
 * The events of one run as many follow them: read once, encoded once.
 *
 * A follower has a place here and no queue: it takes the next piece when its connection has room for it. So a slow one costs no
 * memory, and nothing is lost to it: what is no longer held is read again.
 */
import type { RunEvent } from "../../services/Events.ts"
import { type Coding, type Piece, pieces } from "./Sse.ts"

/** Bytes held for whoever comes next, the newest piece aside. */
const held = 500_000
/** Events read at once for a follower that is behind. */
const page = 200

export type Read = (after: number, limit: number) => Promise<ReadonlyArray<RunEvent>>

export interface Waiting {
  readonly wake: () => void
}

export class Feed {
  readonly followers = new Set<Waiting>()
  readonly #coding: Coding
  readonly #read: Read | undefined
  readonly #waiting = new Set<Waiting>()
  readonly #pieces = new Map<number, Piece>()
  readonly #reading = new Map<number, Promise<Piece>>()
  #bytes = 0
  #last: number
  #end: Uint8Array | undefined

  /** Begins after the event `last`; those before it are had by `read`. Without that they cannot be had. */
  constructor(last: number, coding: Coding, read: Read | undefined) {
    this.#last = last
    this.#coding = coding
    this.#read = read
  }

  get last(): number {
    return this.#last
  }

  /** Bytes that are held. */
  get size(): number {
    return this.#bytes
  }

  /** The newest events, in order. */
  add(events: ReadonlyArray<RunEvent>): void {
    for (const piece of pieces(events, this.#last + 1, this.#coding)) this.#keep(piece)
    this.#last += events.length
    this.#wake()
  }

  /** Nothing comes after what is here, but this last word. */
  finish(word: Uint8Array): void {
    this.#end = word
    this.#wake()
  }

  /** The piece after `cursor`, now or soon; `undefined`: nothing yet, so `wait`. A word: it is over. */
  next(cursor: number): Piece | Promise<Piece> | Uint8Array | "lost" | undefined {
    const found = this.#pieces.get(cursor + 1)
    if (found !== undefined) return found
    if (cursor >= this.#last) return this.#end
    return this.#read === undefined ? "lost" : this.#again(cursor, this.#read)
  }

  /** Woken once, when there is something new. */
  wait(follower: Waiting): void {
    this.#waiting.add(follower)
  }

  /** Gives whether it was waiting. */
  forget(follower: Waiting): boolean {
    return this.#waiting.delete(follower)
  }

  #wake(): void {
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const follower of woken) follower.wake()
  }

  #keep(piece: Piece): void {
    this.#pieces.set(piece.first, piece)
    this.#bytes += piece.bytes.length + perPiece
    for (const [first, { bytes }] of this.#pieces) {
      if (this.#bytes <= held || first === piece.first) return
      this.#pieces.delete(first)
      this.#bytes -= bytes.length + perPiece
    }
  }

  /** Many are behind at the same place, as after a restart: they share one look. */
  #again(cursor: number, read: Read): Promise<Piece> {
    const known = this.#reading.get(cursor)
    if (known !== undefined) return known
    const reading = this.#fill(cursor, read).finally(() => this.#reading.delete(cursor))
    this.#reading.set(cursor, reading)
    return reading
  }

  /** Gives the first: by the time that it is taken, it may be held no more. */
  async #fill(cursor: number, read: Read): Promise<Piece> {
    // Not past what came by itself, so that both meet at the same place.
    const events = await read(cursor, Math.min(page, this.#last - cursor))
    const [first, ...rest] = pieces(events, cursor + 1, this.#coding)
    if (first === undefined) throw new Error("events that were told of cannot be read")
    for (const piece of [first, ...rest]) this.#keep(piece)
    return first
  }
}

/** A piece without an event that is wanted holds memory too. */
const perPiece = 200
