/** What Claude Code's own words for a failure mean. Seen with 2.1.329 and 2.1.197, November 2026. */
import { type Failure, Reading } from "hub/plugin"

type Json = Reading.Json
type Class = Failure.FailureClass

const { asNumber, asText, classOfStatus } = Reading

/** `assistant.error` and `system/api_retry.error`. */
const words: Readonly<Record<string, Class>> = {
  rate_limit: "rate_limited",
  overloaded: "overloaded",
  authentication_failed: "auth",
  billing_error: "quota_exhausted",
  model_not_found: "model_unavailable",
  server_error: "network",
}

/** Of a retry that it announces. */
export const early = (event: Json): Class =>
  classOfStatus(asNumber(event["error_status"])) ?? words[asText(event["error"]) ?? ""] ?? "network"

/** Of an `assistant` line that stands for a failed request; nothing for an ordinary one. */
export const ofAnswer = (event: Json): Class | undefined => {
  const error = asText(event["error"])
  const broken = asText(event["api_error"])
  if (error === undefined && broken === undefined) return undefined
  if (broken === "connection_failed") return "network"
  return words[error ?? ""] ?? "crashed"
}

/** Of the last line. */
export const ofResult = (event: Json): Class => {
  if (event["terminal_reason"] === "prompt_too_long") return "context_too_long"
  if (event["stop_reason"] === "refusal") return "refused"
  return classOfStatus(asNumber(event["api_error_status"])) ?? "crashed"
}
