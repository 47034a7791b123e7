/** Takes secrets out of text: values that are known, and whatever looks like a key. */

const mark = "[redacted]"

/** Shorter values are words of every text: redacting them would tell more than it hides. */
const min_length = 6

interface Format {
  /** Every match holds one of these: looking for them first is what keeps a large text cheap. */
  readonly hints: ReadonlyArray<string>
  readonly pattern: RegExp
  /** What to put in its place, when that is more than the mark. */
  readonly keep?: string
}

const formats: ReadonlyArray<Format> = [
  {
    hints: ["-----BEGIN "],
    // Without its end, because the text was cut, the rest of it goes.
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
  },
  { hints: ["sk-", "rk-"], pattern: /\b[sr]k-[A-Za-z0-9_-]{16,}/g },
  { hints: ["sk_", "rk_"], pattern: /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/g },
  { hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], pattern: /\bgh[pousr]_[A-Za-z0-9]{20,}/g },
  { hints: ["github_pat_"], pattern: /\bgithub_pat_[A-Za-z0-9_]{20,}/g },
  { hints: ["glpat-"], pattern: /\bglpat-[A-Za-z0-9_-]{16,}/g },
  // The hub's own.
  { hints: ["hub_"], pattern: /\bhub_[A-Za-z0-9_-]{43,}/g },
  { hints: ["npm_"], pattern: /\bnpm_[A-Za-z0-9]{30,}/g },
  { hints: ["AIza"], pattern: /\bAIza[A-Za-z0-9_-]{30,}/g },
  { hints: ["xox"], pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
  { hints: ["AKIA", "ASIA"], pattern: /\bA(?:KIA|SIA)[A-Z0-9]{16}\b/g },
  { hints: ["eyJ"], pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g },
  {
    hints: ["earer ", "EARER "],
    pattern: /\b(bearer +)[A-Za-z0-9._~+/-]{12,}=*/gi,
    keep: `$1${mark}`,
  },
  {
    hints: ["asic ", "ASIC "],
    pattern: /\b(authorization\W{1,8}basic +)[A-Za-z0-9+/]{8,}=*/gi,
    keep: `$1${mark}`,
  },
  // A password inside a URL.
  {
    hints: ["://"],
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,200}:)[^\s/@]{3,200}@/gi,
    keep: `$1${mark}@`,
  },
]

export interface Redaction {
  /** From now on this value is redacted, also inside JSON and URLs. */
  readonly learn: (value: string) => void
  readonly redact: (text: string) => string
  /** The values alone, whatever looks like a key stays. */
  readonly redactKnown: (text: string) => string
}

export const make = (): Redaction => {
  let known: ReadonlyArray<string> = []

  const learn = (value: string): void => {
    const added = spellings(value).filter((text) => text.length >= min_length && !known.includes(text))
    // Longest first: a value that holds another one must not be left half visible.
    if (added.length > 0) known = [...known, ...added].sort((a, b) => b.length - a.length)
  }

  const redactKnown = (text: string): string => {
    if (text.length < min_length) return text
    let clean = text
    for (const value of known) if (clean.includes(value)) clean = clean.replaceAll(value, mark)
    return clean
  }

  const redact = (text: string): string => {
    if (text.length < min_length) return text
    let clean = redactKnown(text)
    for (const { hints, keep, pattern } of formats) {
      if (hints.some((hint) => clean.includes(hint))) clean = clean.replace(pattern, keep ?? mark)
    }
    return clean
  }

  return { learn, redact, redactKnown }
}

const spellings = (value: string): ReadonlyArray<string> => {
  const trimmed = value.trim()
  const json = JSON.stringify(trimmed).slice(1, -1)
  const url = encodeURIComponent(trimmed.toWellFormed())
  return [...new Set([trimmed, json, url])]
}
