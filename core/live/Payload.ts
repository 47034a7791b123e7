/** Makes any value fit for storage in an event: JSON, without secrets, within limits. Never throws. */

export const max_text = 4_000
export const max_bytes = 16 * 1024

/** Cut this far before redaction, so that a huge text costs no more than a long one, and a secret is still seen whole. */
const redaction_window = 16_000

interface Limits {
  readonly text: number
  readonly entries: number
  readonly depth: number
}

/** Tried in this order until the event fits: the largest parts are cut first, small ones stay whole. */
const ladder: ReadonlyArray<Limits> = [
  { text: max_text, entries: 2_000, depth: 24 },
  { text: 2_000, entries: 500, depth: 16 },
  { text: 1_000, entries: 100, depth: 12 },
  { text: 500, entries: 50, depth: 8 },
  { text: 250, entries: 25, depth: 6 },
  { text: 120, entries: 12, depth: 4 },
  { text: 80, entries: 10, depth: 2 },
]

export interface Payload {
  readonly data: Readonly<Record<string, unknown>>
  readonly json: string
}

/** `room` is what the event's other fields leave of `max_bytes`. */
export const fit = (
  data: Readonly<Record<string, unknown>>,
  redact: (text: string) => string,
  room: number = max_bytes,
): Payload => {
  for (const limits of ladder) {
    const kept = shape(data, limits, redact)
    const json = JSON.stringify(kept)
    // A character is three bytes at most: most events need no count.
    if (json.length * 3 <= room || Buffer.byteLength(json) <= room) return { data: kept, json }
  }
  const kept = { cut: "[too large to keep]" }
  return { data: kept, json: JSON.stringify(kept) }
}

/** At most `limit` characters, the marker included, and never half of a pair. `length` counts what is left out too. */
export const cut = (text: string, limit: number, length: number = text.length): string => {
  if (length <= limit) return text
  const marker = `… [${length - limit} more characters]`
  const head = text.slice(0, Math.max(0, limit - marker.length))
  return (/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head) + marker
}

const shape = (
  data: Readonly<Record<string, unknown>>,
  limits: Limits,
  redact: (text: string) => string,
): Record<string, unknown> => {
  let budget = limits.entries
  const plain = (text: string): string => {
    const seen = text.length > redaction_window ? text.slice(0, redaction_window) : text
    const clean = redact(seen)
    return cut(clean, limits.text, clean.length + text.length - seen.length)
  }

  const value = (found: unknown, depth: number): unknown => {
    switch (typeof found) {
      case "string":
        return plain(found)
      case "number":
        return Number.isFinite(found) ? found : String(found)
      case "boolean":
        return found
      case "bigint":
        return plain(String(found))
      case "object":
        return found === null ? null : composite(found, depth)
      default:
        return undefined
    }
  }

  const composite = (found: object, depth: number): unknown => {
    if (depth >= limits.depth) return "[too deep to keep]"
    const own = attempt(() =>
      "toJSON" in found && typeof found.toJSON === "function" ? found.toJSON() : found,
    )
    if (own !== found) return value(own, depth + 1)
    if (own instanceof Error) return plain(`${own.name}: ${own.message}`)
    return Array.isArray(own) ? list(own, depth) : record(own as Record<string, unknown>, depth)
  }

  const list = (items: ReadonlyArray<unknown>, depth: number): ReadonlyArray<unknown> => {
    const kept: Array<unknown> = []
    for (const item of items) {
      if (budget-- <= 0) return [...kept, `[${items.length - kept.length} more]`]
      kept.push(value(item, depth + 1) ?? null)
    }
    return kept
  }

  const record = (fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> => {
    const kept: Array<[string, unknown]> = []
    const keys = Object.keys(fields)
    for (const key of keys) {
      if (budget-- <= 0) {
        kept.push(["…", `[${keys.length - kept.length} more]`])
        break
      }
      const held = value(
        attempt(() => fields[key]),
        depth + 1,
      )
      if (held !== undefined) kept.push([cut(redact(key), 200), held])
    }
    return Object.fromEntries(kept)
  }

  return record(data, 0)
}

/** Reading a plugin's value may run its code. */
const attempt = (read: () => unknown): unknown => {
  try {
    return read()
  } catch {
    return "[unreadable]"
  }
}
