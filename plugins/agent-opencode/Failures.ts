/** What opencode's errors mean. Seen with 1.18.33, November 2026. */
import { Failure, Reading } from "hub/plugin"

type Class = Failure.FailureClass

const { asNumber, asText, at, classOfStatus } = Reading

export const ofError = (error: Reading.Json): Class => {
  const name = asText(error["name"]) ?? ""
  if (name === "ContextOverflowError") return "context_too_long"
  if (name === "ProviderAuthError") return "auth"
  if (name === "ProviderModelNotFoundError") return "model_unavailable"
  if (name === "ContentFilterError") return "refused"
  const [status, body, text] = [
    asNumber(at(error, "data", "statusCode")),
    asText(at(error, "data", "responseBody")) ?? "",
    asText(at(error, "data", "message")) ?? "",
  ]
  if (status === 429 && /insufficient_quota|usage_limit/.test(body)) return "quota_exhausted"
  return classOfStatus(status) ?? (isOfNetwork.test(text) ? "network" : "crashed")
}

const isOfNetwork = /connection (?:reset|refused|closed)|socket|cannot connect|fetch failed|ECONN/i

/** The error of a request that it will repeat, from a line of its log. */
export const retried = (line: string): string | undefined =>
  /level=ERROR .*message="stream error".* error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]

/** Its log has the server's words, and no status. */
const texts: ReadonlyArray<readonly [RegExp, Class]> = [
  [/quota|billing|credit/i, "quota_exhausted"],
  [/rate limit|too many requests/i, "rate_limited"],
  [/api key|unauthori[sz]ed|forbidden|authenticat/i, "auth"],
  [/overloaded|service unavailable|high demand/i, "overloaded"],
]

export const ofText = (text: string): Class => texts.find(([words]) => words.test(text))?.[1] ?? "network"

/** What only stderr tells: it prints its help for a flag that it does not know, without naming the flag. */
export const fromTexts = (heard: Reading.Transcript): Failure.Failure | undefined =>
  heard.lines("stderr").some((line) => /^run opencode with a message|^Positionals:$/.test(line))
    ? Failure.of(
        "adapter_mismatch",
        "opencode did not take the flags of this adapter. `hub doctor agents` compares versions.",
      )
    : undefined
