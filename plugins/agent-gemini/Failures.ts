/** What Gemini CLI's exits and words for a failure mean. Seen with 0.61.0, November 2026. */
import { type Exit, Failure, Reading } from "hub/plugin"

type Class = Failure.FailureClass

/** The exit status is the HTTP status, less 256 where that is too large for one. */
const exits: Readonly<Record<number, Class>> = {
  41: "auth",
  145: "auth",
  147: "auth",
  173: "rate_limited",
  244: "network",
  247: "overloaded",
}

const texts: ReadonlyArray<readonly [RegExp, Class]> = [
  [/exhausted your (?:daily )?quota/i, "quota_exhausted"],
  [/input token count .*exceeds/i, "context_too_long"],
  [/"code":\s*40[13]\b|API key not valid/i, "auth"],
  [/is not found for API version|ModelNotFoundError/i, "model_unavailable"],
  [/"code":\s*(?:503|529)\b/, "overloaded"],
  [/"code":\s*429\b|exceeded your current quota|please retry in/i, "rate_limited"],
  [/"code":\s*5\d\d\b|fetch failed|terminated|incomplete json segment/i, "network"],
]

const inWords = (text: string): Class | undefined => texts.find(([words]) => words.test(text))?.[1]

/** Of the last event. `before`: what an early sign said. */
export const ofResult = (text: string, before: Class | undefined): Class =>
  inWords(text) ?? before ?? "crashed"

/** `Attempt 1 failed …`: it waits, and tries again. */
export const alarmIn = (
  line: string,
): { readonly class: Class; readonly more: Pick<Failure.FailureFacts, "retry_after_ms"> } | undefined => {
  if (!/^Attempt \d+ failed/.test(line)) return undefined
  const status = Number(/with status (\d{3})/.exec(line)?.[1])
  const wait = /Retrying after (\d+)ms/.exec(line)?.[1]
  return {
    class: Reading.classOfStatus(status) ?? inWords(line) ?? "network",
    more: wait === undefined ? {} : { retry_after_ms: Number(wait) },
  }
}

export const ofExit = ({ code }: Exit): Class | undefined => (code === null ? undefined : exits[code])

/** An end without a last event: exit codes, and what stderr says. */
export const fromEnd = (heard: Reading.Transcript, exit: Exit): Failure.Failure | undefined => {
  const flag = Reading.unknownFlag("Gemini CLI", heard.lines("stderr"))
  if (flag !== undefined) return flag
  const words = heard.lines("stderr").findLast((line) => inWords(line) !== undefined)
  const class_ = ofExit(exit) ?? (words === undefined ? undefined : inWords(words))
  if (class_ === undefined) return undefined
  const said = words ?? heard.lines("stderr").at(-1)
  return Failure.of(
    class_,
    `Gemini CLI ended with exit ${exit.code ?? "unknown"}${said === undefined ? "" : `: ${said.slice(0, 300)}`}`,
  )
}
