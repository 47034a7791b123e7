/** What is remembered of a program's output: bounded, however much it writes. */

/** Longest part of a line that a rule looks at. */
const longest = 4096

/** A copy of its own: a slice would keep the whole long line in memory. */
const own = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))

/** The line as far as rules and evidence look at it. */
export const cut = (line: string, length = longest): string =>
  line.length <= length ? line : own(line.slice(0, length))

/** The first 50 lines and the last 200. */
export class Excerpt {
  readonly #first: Array<string> = []
  #last: Array<string> = []

  add(line: string): void {
    if (this.#first.length < 50) this.#first.push(line)
    else this.#last.push(line)
    if (this.#last.length >= 400) this.#last = this.#last.slice(-200)
  }

  get lines(): ReadonlyArray<string> {
    return [...this.#first, ...this.#last.slice(-200)]
  }
}

/** The end of a text that comes line by line. */
export class Tail {
  readonly #most: number
  #lines: Array<string> = []
  #length = 0
  #from = 0
  #lost = false

  constructor(max_bytes: number) {
    this.#most = max_bytes
  }

  /** `join`: goes on where the last line ended. */
  add(text: string, join = false): void {
    const kept = text.length > this.#most ? own(text.slice(-this.#most)) : text
    if (kept !== text) this.#lost = true
    if (join && this.#lines.length > this.#from) return this.#append(kept)
    this.#lines.push(kept)
    this.#length += kept.length + 1
    this.#drop()
  }

  #append(text: string): void {
    const last = this.#lines.length - 1
    const line = this.#lines[last] + text
    // Cut at twice the limit only, so that a long line is not copied for each piece.
    const isLong = line.length > 2 * this.#most
    this.#lines[last] = isLong ? own(line.slice(-this.#most)) : line
    if (isLong) this.#lost = true
    this.#length += text.length
  }

  // A character is a byte or more, so what goes here is beyond the limit in any case.
  #drop(): void {
    for (let next = this.#lines[this.#from]; next !== undefined; next = this.#lines[this.#from]) {
      if (this.#length - next.length - 1 <= this.#most || this.#from === this.#lines.length - 1) break
      this.#length -= next.length + 1
      this.#from++
      this.#lost = true
    }
    if (this.#from < 1000) return
    this.#lines = this.#lines.slice(this.#from)
    this.#from = 0
  }

  get text(): { readonly text: string; readonly truncated: boolean } {
    return end(
      this.#lines
        .slice(this.#from)
        .join("\n")
        .replace(/^(?:[ \t\r]*\n)+/, "")
        .trimEnd(),
      this.#most,
      this.#lost,
    )
  }
}

/** The last `most` bytes of a text, whole characters only. */
export const end = (
  text: string,
  most: number,
  lost = false,
): { readonly text: string; readonly truncated: boolean } => {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= most) return { text, truncated: lost }
  const start = bytes.findIndex((byte, index) => index >= bytes.length - most && (byte & 0xc0) !== 0x80)
  return { text: new TextDecoder().decode(bytes.subarray(start)), truncated: true }
}

// Colours and cursor movements, titles and links, two-byte escapes.
// oxlint-disable-next-line no-control-regex
const escapes = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\^_]/g

export const withoutAnsi = (line: string): string =>
  line.includes("\x1b") ? line.replace(escapes, "") : line
