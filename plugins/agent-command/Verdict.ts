/** Why an attempt failed, from its exit, what it wrote, and the rules. */
import { type Exit, Failure, Reading } from "hub/plugin"
import { type Hit, reads, type Rule, times } from "./Rules.ts"

const { brief } = Reading

export interface Seen {
  readonly agent: string
  readonly rules: ReadonlyArray<Rule>
  /** What objects and early lines met, by rule. */
  readonly hits: ReadonlyMap<Rule, Hit>
  /** Lines that are no part of a JSON stream: what text rules look at. */
  readonly plain: Readonly<Record<"stdout" | "stderr", Reading.Excerpt>>
  /** All lines: what evidence is made of. */
  readonly all: Readonly<Record<"stdout" | "stderr", Reading.Excerpt>>
}

/** The first rule that fits an attempt that ended badly; `crashed` with the last lines when none does. */
export const ofFailure = (seen: Seen, exit: Exit, otherwise: string): Failure.Failure => {
  const facts = exitFacts(exit)
  for (const rule of seen.rules) {
    const hit = exitFits(rule, exit) ? hitOf(seen, rule) : undefined
    if (hit !== undefined) return failed(seen, rule, hit, exit)
  }
  return Failure.of("crashed", otherwise, { ...facts, evidence: lastLines(seen) })
}

/** Exit 0 is not the end of the matter where a rule says so: an object that means failure, or a rule for this very exit. */
export const ofSuccess = (seen: Seen, exit: Exit): Failure.Failure | undefined => {
  for (const rule of seen.rules) {
    const decides = rule.exit !== undefined || (rule.when !== undefined && !rule.early)
    const hit = decides && exitFits(rule, exit) ? hitOf(seen, rule) : undefined
    if (hit !== undefined) return failed(seen, rule, hit, exit)
  }
  return undefined
}

const exitFits = (rule: Rule, exit: Exit): boolean =>
  rule.exit === undefined || (exit.code !== null && rule.exit.has(exit.code))

const hitOf = (seen: Seen, rule: Rule): Hit | undefined => {
  if (rule.when !== undefined || rule.early) return seen.hits.get(rule)
  if (rule.matches === undefined) return { text: "", source: lastLines(seen).join("\n") }
  for (const stream of ["stderr", "stdout"] as const)
    for (const line of seen.plain[stream].lines) {
      const hit = reads(rule, line, stream)
      if (hit !== undefined) return { ...hit, source: `${line}\n${seen.plain[stream].lines.join("\n")}` }
    }
  return undefined
}

const failed = (seen: Seen, rule: Rule, hit: Hit, exit: Exit): Failure.Failure =>
  Failure.of(rule.class, sentence(seen, rule, hit, exit), {
    ...exitFacts(exit),
    ...times(rule, hit.source),
    evidence: [
      ...(hit.text === "" ? lastLines(seen).slice(-19) : [brief(hit.text, 500)]),
      ...(rule.note === undefined ? [] : [`(${rule.note})`]),
    ],
  })

/** A failure that the program announces while it still runs. */
export const early = (agent: string, rule: Rule, hit: Hit): Failure.Failure =>
  Failure.of(rule.class, `${agent} says: ${brief(hit.text, 200)}`, {
    ...times(rule, hit.source),
    evidence: [brief(hit.text, 500), ...(rule.note === undefined ? [] : [`(${rule.note})`])],
  })

const sentence = ({ agent, all }: Seen, rule: Rule, hit: Hit, exit: Exit): string => {
  if (hit.text === "") return ended(agent, exit, lastLines({ all }))
  const flag =
    rule.class === "adapter_mismatch" ? /(?:^|[\s'"`(])(--?[A-Za-z][\w-]*)/.exec(hit.text)?.[1] : undefined
  return flag === undefined
    ? `${agent} said: ${brief(hit.text, 200)}`
    : `${agent} does not take ${flag}: ${brief(hit.text, 200)}`
}

/** `acme ended with exit 3: the last line` */
export const ended = (agent: string, exit: Exit, lines: ReadonlyArray<string>): string => {
  const how =
    exit.signal === null ? `ended with exit ${exit.code ?? "unknown"}` : `was ended by ${exit.signal}`
  const line = lines.at(-1)
  return `${agent} ${how}${line === undefined ? " and said nothing." : `: ${brief(line, 200)}`}`
}

const exitFacts = (exit: Exit): Pick<Failure.FailureFacts, "exit_code" | "signal"> => ({
  ...(exit.code === null ? {} : { exit_code: exit.code }),
  ...(exit.signal === null ? {} : { signal: exit.signal }),
})

/** The last 12 lines of stderr after the last 8 of stdout. */
export const lastLines = ({ all }: Pick<Seen, "all">): ReadonlyArray<string> =>
  [last(all.stdout, 8), last(all.stderr, 12)].flat()

const last = (excerpt: Reading.Excerpt, most: number): ReadonlyArray<string> =>
  excerpt.lines
    .filter((line) => line.trim() !== "")
    .slice(-most)
    .map((line) => brief(line, 500))
