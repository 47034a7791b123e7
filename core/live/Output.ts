/** What a program writes into a pipe: to the pipe's end, or, where someone it left behind holds that open, to its own. */

export interface Output {
  /** The next piece; `undefined` at the end. For one reader. */
  readonly next: () => Promise<Uint8Array | undefined>
  /** Lets the pipe go. */
  readonly stop: () => Promise<void>
}

/** After the program's end its output may be held open by what it left behind; how long that is waited for. */
const held_open_ms = 100

/** Read at most after that: more than a pipe holds, so that all of the program's own is among it. */
const most_left_bytes = 1024 * 1024

export const of = (
  { exited }: { readonly exited: Promise<unknown> },
  stream: ReadableStream<Uint8Array>,
): Output => {
  const reader = stream.getReader()
  let left = most_left_bytes
  let isOver = false
  let giveUp = () => {}
  // What is in the pipe already is read, however late this process comes to it: only an empty one is given up.
  const emptied = () => void turns(3).then(giveUp)
  void exited
    .then(() => Bun.sleep(held_open_ms))
    .then(() => {
      isOver = true
      emptied()
    })
  const stop = () => reader.cancel().catch(() => undefined)
  const read = () =>
    new Promise<Uint8Array | undefined>((resolve) => {
      giveUp = () => resolve(undefined)
      reader.read().then(({ value }) => resolve(value), giveUp)
      if (isOver) emptied()
    })
  const next = async () => {
    const piece = left > 0 ? await read() : undefined
    if (piece === undefined) await stop()
    else if (isOver) left -= piece.length
    return piece
  }
  return { next, stop }
}

/** Of the event loop, in each of which it looks at its pipes. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
