/** Moments as a person writes them: how far away, `30d` or `10 minutes`, or a date. */
import { Duration, Option } from "effect"

export const expected = "a duration such as 30d, 12h or 10m, or a date such as 2031-12-31"

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/** Milliseconds since the epoch: so far `after` or `before` now, or the date, which begins in UTC. Undefined when it is neither. */
export const momentOf = (text: string, side: "after" | "before", now: number): number | undefined => {
  if (/^\d{4}-\d\d-\d\d(?:T|$)/.test(text)) return finite(Date.parse(text))
  const far = distanceOf(text.trim())
  return far === undefined ? undefined : finite(side === "after" ? now + far : now - far)
}

const distanceOf = (text: string): number | undefined => {
  const [, count, unit] = /^(\d{1,7}) ?([smhdw])$/.exec(text) ?? []
  if (unit !== undefined) return Number(count) * (units[unit] ?? 0)
  const spelled = Duration.fromInput(text as Duration.Input)
  return Option.isSome(spelled) ? finite(Duration.toMillis(spelled.value)) : undefined
}

/** What a date can hold. */
const finite = (moment: number): number | undefined =>
  Number.isFinite(new Date(moment).getTime()) ? moment : undefined
