/** One connection that follows a feed, as fast as it takes what is sent. */
import type { Feed, Waiting } from "./Feed.ts"
import { heartbeat, hello, notice, type Piece } from "./Sse.ts"

/** Looks in a row that found a connection still full, after which it is cut off. */
const patience = 2

export class Follower implements Waiting {
  readonly body: ReadableStream<Uint8Array>
  readonly #feed: Feed
  readonly #left: () => void
  #stream!: ReadableStreamDefaultController<Uint8Array>
  #cursor: number
  #pulls = 0
  #pullsSeen = 0
  #stuck = 0
  #isOver = false

  /** `left` is called once, however it ends. */
  constructor(feed: Feed, cursor: number, left: () => void) {
    this.#feed = feed
    this.#cursor = cursor
    this.#left = left
    const source = {
      start: (stream: ReadableStreamDefaultController<Uint8Array>) => {
        this.#stream = stream
        stream.enqueue(hello)
      },
      pull: () => this.#pull(),
      cancel: () => this.leave(),
    }
    this.body = new ReadableStream<Uint8Array>(source, { highWaterMark: 1 })
  }

  wake(): void {
    void this.#step()
  }

  /** Called at regular times. Says that it still lives to whoever has taken all; `false`: this one has taken nothing for too long. */
  beat(): boolean {
    if (this.#feed.forget(this)) this.#stream.enqueue(heartbeat)
    else if (this.#pulls === this.#pullsSeen) return ++this.#stuck < patience
    this.#stuck = 0
    this.#pullsSeen = this.#pulls
    return true
  }

  /** Ends it from this side. It can be taken up again after the last event that was sent. */
  end(): void {
    if (this.#isOver) return
    this.leave()
    this.#stream.close()
  }

  leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#feed.forget(this)
    this.#left()
  }

  /** There is room for one piece again. */
  #pull(): void | Promise<void> {
    this.#pulls++
    return this.#step()
  }

  #step(): void | Promise<void> {
    for (;;) {
      if (this.#isOver) return undefined
      const next = this.#feed.next(this.#cursor)
      if (next === undefined) return this.#feed.wait(this)
      // The database does not answer: whoever comes again goes on where this broke off.
      if (next instanceof Promise)
        return next.then(
          (piece) => this.#take(piece),
          () => this.end(),
        )
      if (next === "lost") return this.#finish(notice("lost", { because: "this connection was too slow" }))
      if (next instanceof Uint8Array) return this.#finish(next)
      if (this.#send(next)) return undefined
    }
  }

  #take(piece: Piece): void | Promise<void> {
    if (!this.#isOver && !this.#send(piece)) return this.#step()
  }

  /** `false`: there was nothing in it for this one. */
  #send({ bytes, last }: Piece): boolean {
    this.#cursor = last
    if (bytes.length > 0) this.#stream.enqueue(bytes)
    return bytes.length > 0
  }

  #finish(word: Uint8Array): void {
    this.#stream.enqueue(word)
    this.end()
  }
}
