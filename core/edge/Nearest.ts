/** The name that was probably meant. */

/** Undefined when no name is close. */
export const nearest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  const scored = known
    .filter((candidate) => candidate !== name && name.length <= 64)
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, edits }) => edits <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3)),
    )
  return scored.sort((a, b) => a.edits - b.edits)[0]?.candidate
}

/** For the end of a sentence: the close name, else the known ones. Empty when there are none. */
export const suggestion = (name: string, known: ReadonlyArray<string>): string => {
  const close = nearest(name, known)
  if (close !== undefined) return ` Did you mean ${close}?`
  if (known.length === 0) return ""
  const rest = known.length > 20 ? ` and ${known.length - 20} more` : ""
  return ` Known: ${known.slice(0, 20).join(", ")}${rest}.`
}

/** Edits between two words: insert, delete, replace, or swap two neighbours. */
const distance = (a: string, b: string): number => {
  let [older, old]: [Array<number>, Array<number>] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = old[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(replaced, old[j]! + 1, row[j - 1]! + 1, swap ? older[j - 2]! + 1 : Infinity)
    }
    ;[older, old] = [old, row]
  }
  return old[b.length]!
}
