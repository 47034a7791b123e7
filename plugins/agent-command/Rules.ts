/** Failure rules, ready to be asked. */
import { type Failure, Reading } from "hub/plugin"
import type { Config } from "./Config.ts"
import type { FailureRule } from "./FailureRule.ts"
import { guesses, wait } from "./Guess.ts"
import * as Path from "./Path.ts"

export interface Rule {
  readonly class: Failure.FailureClass
  readonly exit: ReadonlySet<number> | undefined
  readonly matches: RegExp | undefined
  readonly in: "stdout" | "stderr" | "any"
  readonly when: Path.Match | undefined
  readonly message: Path.Path | undefined
  readonly retry_after: RegExp | undefined
  readonly resets_at: RegExp | undefined
  readonly early: boolean
  readonly note: string | undefined
}

/** The text that a rule was met by, and what its waits are read from. */
export interface Hit {
  readonly text: string
  readonly source: string
}

export const rules = (config: Config): ReadonlyArray<Rule> => [
  ...config.failure.map((rule) =>
    compiled(rule, rule.seen === undefined ? undefined : `seen in ${rule.seen}`),
  ),
  ...(config.builtin_rules
    ? guesses.map((guess) => compiled({ ...guess, early: false, retry_after: wait }, guessed))
    : []),
]

const guessed = "a guess from this text: a [[failure]] rule in the agent's config makes it sure"

const compiled = (rule: FailureRule, note: string | undefined): Rule => ({
  class: rule.class,
  exit: rule.exit === undefined ? undefined : new Set([rule.exit].flat()),
  matches: regex(rule.matches),
  in: rule.in ?? "any",
  when: rule.when === undefined ? undefined : Path.match(rule.when),
  message: rule.message === undefined ? undefined : Path.parse(rule.message),
  retry_after: regex(rule.retry_after),
  resets_at: regex(rule.resets_at),
  early: rule.early,
  note,
})

const regex = (source: string | undefined): RegExp | undefined =>
  source === undefined ? undefined : new RegExp(source, "i")

/** Is the object the one that the rule describes? */
export const meets = (rule: Rule, object: unknown, line: string): Hit | undefined => {
  if (rule.when === undefined || !Path.holds(rule.when, object)) return undefined
  const source = Reading.cut(line)
  const text = Reading.cut(rule.message === undefined ? source : (Path.text(object, rule.message) ?? source))
  return rule.matches === undefined || rule.matches.test(text)
    ? { text, source: `${text}\n${source}` }
    : undefined
}

/** Is the line one that the rule describes? */
export const reads = (rule: Rule, line: string, stream: "stdout" | "stderr"): Hit | undefined => {
  if (rule.when !== undefined || (rule.in !== "any" && rule.in !== stream)) return undefined
  return rule.matches?.test(line) === true ? { text: line, source: line } : undefined
}

/** The wait and the reset that the text names. */
export const times = (
  rule: Pick<Rule, "retry_after" | "resets_at">,
  source: string,
): Pick<Failure.FailureFacts, "retry_after_ms" | "resets_at"> => {
  const retry_after_ms = waitIn(rule.retry_after, source)
  const resets_at = resetIn(rule.resets_at, source)
  return {
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
    ...(resets_at === undefined ? {} : { resets_at }),
  }
}

const units = { hours: 3_600_000, minutes: 60_000, seconds: 1000, ms: 1 }

const waitIn = (pattern: RegExp | undefined, source: string): number | undefined => {
  const found = pattern?.exec(source)
  if (found === undefined || found === null) return undefined
  const named = found.groups
  const parts =
    named === undefined
      ? [Number(found[1] ?? Number.NaN) * 1000]
      : Object.entries(units).flatMap(([unit, ms]) =>
          named[unit] === undefined ? [] : [Number(named[unit]) * ms],
        )
  const total = parts.reduce((sum, part) => sum + part, 0)
  return parts.length === 0 || !Number.isFinite(total) ? undefined : total
}

const resetIn = (pattern: RegExp | undefined, source: string): number | undefined => {
  const found = pattern?.exec(source)?.[1]
  if (found === undefined) return undefined
  const number = Number(found)
  const time = Number.isNaN(number) ? Date.parse(found) : number < 1e11 ? number * 1000 : number
  return Number.isFinite(time) ? time : undefined
}
