/** Names of runs: short enough to type, in the order of their days. */
import { Clock, DateTime, Effect, Random } from "effect"

// No 0, 1, i, l, o, u: they are misread, and they spell words.
const letters = "23456789abcdefghjkmnpqrstvwxyz"

/** `261121-k3f9qaw2`: day in UTC, then 8 random letters of 30: two of 10,000 runs of one day meet once in 13,000 days. */
export const next: Effect.Effect<string> = Effect.gen(function* () {
  const day = DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis)).slice(2, 10)
  const picks = yield* Effect.forEach(Array.from({ length: 8 }), () =>
    Random.nextIntBetween(0, letters.length - 1),
  )
  return `${day.replaceAll("-", "")}-${picks.map((pick) => letters[pick]).join("")}`
})

/** What a person may type to mean one run: its id, the end of it (4 letters or more), or `last`. */
export const isReference = (text: string): boolean => /^(last|[0-9a-z-]{4,40})$/.test(text)
