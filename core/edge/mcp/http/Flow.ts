/**
 * Event streams on their way to a client. Each begins at once, and a client that does not read is left: its stream is closed,
 * and it may go on by event id.
 */

/** Bytes that wait for a client. A single event may be larger. */
export const mostUnread = 1_000_000

/** `told`: to its end. `gone`: the client went away. `slow`: it did not read. */
export type Ending = "told" | "gone" | "slow"

/** Bun sends no headers before the first piece of a body, and a client waits for them. */
const hello = new TextEncoder().encode(": ok\n\n")

/** Answers that are no stream are left as they are. `ended` is called once. */
export const flow = (response: Response, ended: (how: Ending) => void): Response => {
  if (response.body === null || !isEventStream(response)) return (ended("told"), response)
  const source: ReadableStream<Uint8Array> = response.body
  const reader = source.getReader()
  let isGone = false
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        controller.enqueue(hello)
        void pump(reader, controller).then((how) => ended(isGone ? "gone" : how))
      },
      cancel: () => {
        isGone = true
        return reader.cancel()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostUnread }),
  )
  return new Response(body, response)
}

const isEventStream = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") === true

/** What Bun and the DOM agree on. */
interface Reader {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  readonly cancel: () => Promise<void>
}

const pump = async (
  reader: Reader,
  controller: ReadableStreamDefaultController<Uint8Array>,
): Promise<Ending> => {
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || value === undefined) return (controller.close(), "told")
      if ((controller.desiredSize ?? 0) <= 0) break
      controller.enqueue(value)
    }
    await reader.cancel()
    controller.close()
    return "slow"
  } catch {
    return "gone"
  }
}
