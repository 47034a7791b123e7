/** How long a server's words ask one to wait. */

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Milliseconds of "try again in 1h6m0.5s", "retry after 20 seconds", "in 350ms"; nothing where no such words stand. */
export const waitIn = (text: string): number | undefined => {
  const told =
    /(?:try again|retry(?:ing)?) (?:in|after) ((?:\d+(?:\.\d+)?\s?(?:ms|milliseconds?|hours?|h|minutes?|m|seconds?|s)\b[ ,]*|\d+(?:\.\d+)?(?:ms|[hms])(?=\d))+)/i.exec(
      text,
    )?.[1]
  if (told === undefined) return undefined
  const parts = told.matchAll(/(\d+(?:\.\d+)?)\s?(ms|mil|h|m|s)/gi)
  return Math.ceil(
    [...parts].reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (units[unitOf(unit)] ?? 0), 0),
  )
}

const unitOf = (written: string): string => (written.toLowerCase() === "mil" ? "ms" : written.toLowerCase())
