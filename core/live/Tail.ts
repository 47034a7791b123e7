/** Reads a stream on to its end and keeps the last `max_bytes`. */

export type Tail = ReturnType<typeof tail>

export const tail = (stream: ReadableStream<Uint8Array>, max_bytes: number) => {
  const reader = stream.getReader()
  const pieces: Array<Uint8Array> = []
  let held = 0
  let truncated = false
  const keep = (piece: Uint8Array) => {
    pieces.push(piece)
    held += piece.length
    while (pieces.length > 1 && held - pieces[0]!.length >= max_bytes) {
      held -= pieces.shift()!.length
      truncated = true
    }
  }
  const pump = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) keep(next.value)
  }
  return {
    read: pump().catch(() => undefined),
    stop: () => reader.cancel().catch(() => undefined),
    text: () =>
      Buffer.concat(pieces)
        .subarray(Math.max(0, held - max_bytes))
        .toString("utf8"),
    truncated: () => truncated || held > max_bytes,
  }
}
