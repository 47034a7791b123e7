/** What one attempt used, where an agent counts over its whole session. */
import { asNumber } from "./Json.ts"

type Amounts = Readonly<Record<string, number>>

/**
 * `totals`: as the agent tells them. `before`: what the attempt before this one was said to have used, with its totals.
 * They stay beside what the attempt used itself, under `session_*`, for the attempt after this one.
 */
export const sinceBefore = (totals: Readonly<Record<string, unknown>>, before: Amounts = {}): Amounts =>
  Object.fromEntries(
    Object.entries(totals).flatMap(([key, told]) => {
      const total = asNumber(told)
      if (total === undefined) return []
      const earlier = before[`session_${key}`] ?? 0
      // Less than before: it has begun to count anew.
      const own = total >= earlier ? total - earlier : total
      return [
        [key, own],
        [`session_${key}`, total],
      ]
    }),
  )
