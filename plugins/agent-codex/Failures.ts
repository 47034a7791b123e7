/** What Codex's words for a failure mean: `exec --json` has no codes. Seen with 0.169.0, November 2026. */
import { Failure, Reading } from "hub/plugin"

type Class = Failure.FailureClass

/** In this order: a quota is told with status 429 too. The apostrophe of "You've" is a curly one. */
const texts: ReadonlyArray<readonly [RegExp, Class]> = [
  [/quota exceeded|hit your usage limit|usage limit/i, "quota_exhausted"],
  [/ran out of room in the model.s context window/i, "context_too_long"],
  [/missing environment variable/i, "auth"],
  [/does not exist or you do not have access|model.{0,40}not (?:found|supported)/i, "model_unavailable"],
  [/waiting for network|connection failed/i, "network"],
  [/high demand/i, "overloaded"],
]

const otherTexts: ReadonlyArray<readonly [RegExp, Class]> = [
  [/rate limit/i, "rate_limited"],
  [/stream (?:disconnected|closed)|error sending request|timed? ?out/i, "network"],
]

export const classOf = (text: string): Class =>
  among(texts, text) ?? ofStatus(text) ?? among(otherTexts, text) ?? "crashed"

const among = (rules: typeof texts, text: string): Class | undefined =>
  rules.find(([words]) => words.test(text))?.[1]

const ofStatus = (text: string): Class | undefined =>
  Reading.classOfStatus(Number(/(?:last|unexpected) status:? (\d{3})/.exec(text)?.[1]))

/** `Reconnecting... 2/5 (…)`: not the end. */
export const isRetry = (text: string): boolean => /^reconnecting/i.test(text)

/** What only stderr tells. */
export const fromTexts = (heard: Reading.Transcript): Failure.Failure | undefined => {
  const lines = heard.lines("stderr")
  const config = lines.find((line) => line.startsWith("Error loading config"))
  return (
    Reading.unknownFlag("Codex", lines) ??
    (config === undefined ? undefined : Failure.of("adapter_mismatch", `Codex said: ${config.slice(0, 300)}`))
  )
}
