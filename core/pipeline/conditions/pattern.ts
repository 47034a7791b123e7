/** Keeps regular expressions from pipelines to those that end soon on any text. */

/** Longest pattern, in characters. */
export const PATTERN = 200

/** How much of a text is looked at, in characters. */
export const READ = 1_000

// 300 ms where this was measured.
const MOST_STEPS = 2 * READ ** 3

/**
 * What is wrong with a pattern, or nothing.
 *
 * The engine backtracks: on an unlucky text each repetition multiplies its steps by the length of the text, so does a
 * search that may start anywhere, and each choice at least doubles them. Repeated groups have no such bound and are refused.
 */
export const problemOf = (pattern: string): string | undefined => {
  if (!compiles(pattern)) return `is no regular expression: ${JSON.stringify(pattern.slice(0, 60))}`
  // Escapes and classes count as one plain character.
  const plain = pattern
    .replace(/\\[1-9k]/g, "\u0001")
    .replace(/\\./gs, "x")
    .replace(/\[[^\]]*\]/g, "x")
  if (/\(\?[=!<]|\u0001/.test(plain)) return "looks around or back, which can take for ever"
  if (/\)[*+{]/.test(plain)) return "repeats a group, which can take for ever"
  return steps(plain) > MOST_STEPS
    ? "can take too long: use fewer of * + { ? and |, or ^ at its start"
    : undefined
}

const steps = (plain: string) => {
  const repetitions = count(plain, /[*+{]/g) + (isAnchored(plain) ? 0 : 1)
  // Alternatives take the engine longer than optional characters.
  return READ ** repetitions * 2 ** count(plain.replaceAll("(?:", "("), /\?/g) * 4 ** count(plain, /\|/g)
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0

/** `^a|b` may still start anywhere. */
const isAnchored = (plain: string): boolean => {
  const flat = plain.replace(/\([^()]*\)/g, "x")
  return flat === plain ? /^\^[^|]*$/.test(plain) : isAnchored(flat)
}

const compiles = (pattern: string) => {
  try {
    return new RegExp(pattern, "u").test("") || true
  } catch {
    return false
  }
}
