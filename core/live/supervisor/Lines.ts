/** Bytes to lines, across the borders of pieces, lines and characters. */
import type { Line } from "../../services/Supervisor.ts"

export interface Lines {
  readonly feed: (bytes: Uint8Array) => Array<Line>
  /** What came after the last line end, if anything. */
  readonly rest: () => Array<Line>
  /** Forgets what is begun; the piece that comes next begins inside a line, which is left out when another comes after it. */
  readonly jump: () => void
}

/** Holds at most `max_bytes` of a begun line; the remainder of a longer one is dropped as it comes. */
export const make = (max_bytes: number): Lines => {
  let decoder = new Decoder()
  let begun = ""
  let begun_bytes = 0
  /** The line that is begun is full: it is known to be cut, and more of it is dropped. */
  let full = false
  /** The line that is begun has lost its beginning. */
  let headless = false
  /** One that had, and that has ended: all there is, when no other comes. */
  let kept: Line | undefined
  /** The last character was `\r`: a `\n` that follows belongs to it. */
  let returned = false
  let jumped = false

  const clear = () => {
    begun = ""
    begun_bytes = 0
    full = false
    headless = false
  }

  const add = (text: string) => {
    if (full || text === "") return
    const bytes = Buffer.byteLength(text)
    full = begun_bytes + bytes > max_bytes
    begun += full ? beginning(text, max_bytes - begun_bytes) : text
    begun_bytes += bytes
  }

  const end = (into: Array<Line>) => {
    if (headless) kept = { text: begun, cut: true }
    else into.push({ text: begun, cut: full })
    clear()
  }

  const split = (decoded: string): Array<Line> => {
    const text = returned && decoded.startsWith("\n") ? decoded.slice(1) : decoded
    if (decoded !== "") returned = decoded.endsWith("\r")
    const parts = text.includes("\r") ? text.split(/\r\n|\r|\n/) : text.split("\n")
    const lines: Array<Line> = []
    add(parts[0]!)
    if (parts.length === 1) return lines
    end(lines)
    for (let i = 1; i < parts.length - 1; i++) lines.push(whole(parts[i]!, max_bytes))
    add(parts[parts.length - 1]!)
    return lines
  }

  return {
    feed: (bytes) => {
      const from = jumped ? bytes.subarray(continued(bytes)) : bytes
      jumped = false
      const lines = split(decoder.decode(from, { stream: true }))
      if (lines.length > 0) kept = undefined
      return lines
    },
    rest: () => {
      const lines = split(decoder.decode())
      if (begun !== "" || full) end(lines)
      if (lines.length === 0 && kept !== undefined) lines.push(kept)
      kept = undefined
      return lines
    },
    jump: () => {
      decoder = new Decoder()
      clear()
      returned = false
      kept = undefined
      headless = true
      jumped = true
    },
  }
}

/** How many bytes at the start belong to a character that began before. */
const continued = (bytes: Uint8Array): number => {
  const first = [...bytes.subarray(0, 3)].findIndex((byte) => (byte & 0xc0) !== 0x80)
  return first === -1 ? Math.min(3, bytes.length) : first
}

/** Keeps a byte order mark, as any other character. */
class Decoder extends TextDecoder {
  constructor() {
    super("utf-8", { ignoreBOM: true })
  }
}

const whole = (text: string, max_bytes: number): Line =>
  text.length * 3 > max_bytes && Buffer.byteLength(text) > max_bytes
    ? { text: beginning(text, max_bytes), cut: true }
    : { text, cut: false }

/** At most `max_bytes` of it; a character that does not fit whole is left out. */
const beginning = (text: string, max_bytes: number): string =>
  new Decoder().decode(Buffer.from(text).subarray(0, max_bytes), { stream: true })
