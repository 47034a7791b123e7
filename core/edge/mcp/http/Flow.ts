/**
 * Event streams on their way to a client. Each begins at once, and a client that does not read is left: its stream is closed,
 * and it may go on by event id.
 */

/** Bytes that wait for a client. A single event may be larger. */
export const mostUnread = 1_000_000

/** An answer that is whole within so many milliseconds is sent in one piece: that takes half as long as a stream of it. */
const soon = 10

/** `told`: to its end. `gone`: the client went away. `slow`: it did not read. */
export type Ending = "told" | "gone" | "slow"

/** Bun sends no headers before the first piece of a body, and a client waits for them. */
const hello = new TextEncoder().encode(": ok\n\n")

/** Answers that are no stream are left as they are. `ended` is called once. */
export const flow = async (
  request: Request,
  response: Response,
  ended: (how: Ending) => void,
): Promise<Response> => {
  if (response.body === null || !isEventStream(response)) return (ended("told"), response)
  const source: Source = response.body.getReader()
  const begun = request.method === "POST" ? await gather(source) : { pieces: [], next: source.read() }
  if (begun.next === undefined) return (ended("told"), new Response(Buffer.concat(begun.pieces), response))
  if (request.signal.aborted) {
    await source.cancel()
    return (ended("gone"), new Response(null, { status: closedByClient }))
  }
  return new Response(stream(source, begun.pieces, begun.next, ended), response)
}

/** As servers write it down: nobody reads it. */
const closedByClient = 499

const isEventStream = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") === true

/** What Bun and the DOM agree on. */
interface Source {
  readonly read: () => Promise<Piece>
  readonly cancel: () => Promise<void>
}

interface Piece {
  readonly done: boolean
  readonly value?: Uint8Array | undefined
}

/** What is there soon; without `next` it is all. */
const gather = async (
  source: Source,
): Promise<{ readonly pieces: Array<Uint8Array>; readonly next?: Promise<Piece> }> => {
  const pieces: Array<Uint8Array> = []
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, soon)
  try {
    for (;;) {
      const next = source.read()
      const piece = await Promise.race([next, late])
      if (piece === undefined) return { pieces, next }
      if (piece.done || piece.value === undefined) return { pieces }
      pieces.push(piece.value)
    }
  } finally {
    clearTimeout(timer)
  }
}

const stream = (
  source: Source,
  pieces: ReadonlyArray<Uint8Array>,
  next: Promise<Piece>,
  ended: (how: Ending) => void,
): ReadableStream<Uint8Array> => {
  let isGone = false
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        for (const piece of [hello, ...pieces]) controller.enqueue(piece)
        void pump(source, next, controller).then((how) => ended(isGone ? "gone" : how))
      },
      cancel: () => {
        isGone = true
        return source.cancel()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostUnread }),
  )
}

const pump = async (
  source: Source,
  first: Promise<Piece>,
  controller: ReadableStreamDefaultController<Uint8Array>,
): Promise<Ending> => {
  try {
    for (let next = first; ; next = source.read()) {
      const { done, value } = await next
      if (done || value === undefined) return (controller.close(), "told")
      if ((controller.desiredSize ?? 0) <= 0) break
      controller.enqueue(value)
    }
    await source.cancel()
    controller.close()
    return "slow"
  } catch {
    return "gone"
  }
}
