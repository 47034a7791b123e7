/** Keeps regular expressions from pipelines to those that end soon on any text. */

/** Longest pattern, in characters. */
export const PATTERN = 200

/** How much of a text is looked at, in characters. */
export const READ = 1_000

/**
 * What is wrong with a pattern, or nothing.
 *
 * The engine backtracks: repeated groups, and many repetitions after each other, take exponential time on an unlucky
 * text. Two open repetitions and eight choices over 1,000 characters stay below a second.
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
  if ((plain.match(/[*+]|\{/g)?.length ?? 0) > 2)
    return "has more than two repetitions, which can take for ever"
  return (plain.match(/[?|]/g)?.length ?? 0) > 8
    ? "has more than eight choices, which can take for ever"
    : undefined
}

const compiles = (pattern: string) => {
  try {
    return new RegExp(pattern, "u").test("") || true
  } catch {
    return false
  }
}
