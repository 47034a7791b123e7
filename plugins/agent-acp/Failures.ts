/** What an error of the protocol means. Seen with Gemini CLI 0.61.0, opencode 1.18.33, codex-acp 0.16.0, Droid 0.225.2, Auggie 0.36.0. */
import { Failure, Reading } from "hub/plugin"

type Class = Failure.FailureClass

const { asNumber, asObject, asText, at, classOfStatus } = Reading

/** An error as JSON-RPC has it. */
export interface Fault {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** `data.errorName` of opencode. */
const names: Readonly<Record<string, Class>> = {
  ProviderAuthError: "auth",
  ContextOverflowError: "context_too_long",
  ProviderModelNotFoundError: "model_unavailable",
  MessageOutputLengthError: "bad_output",
}

/** `data.codex_error_info` of codex: a word, or an object with one key and the status of the server. */
const infos: Readonly<Record<string, Class>> = {
  context_window_exceeded: "context_too_long",
  session_budget_exceeded: "quota_exhausted",
  usage_limit_exceeded: "quota_exhausted",
  rate_limit_exceeded: "rate_limited",
  server_overloaded: "overloaded",
  model_not_found: "model_unavailable",
  internal_server_error: "network",
  unauthorized: "auth",
  http_connection_failed: "network",
  response_stream_connection_failed: "network",
  response_stream_disconnected: "network",
  response_too_many_failed_attempts: "network",
}

const texts: ReadonlyArray<readonly [RegExp, Class]> = [
  [/please retry in/i, "rate_limited"],
  [
    /exhausted your (?:daily )?quota|quota exceeded|hit your usage limit|insufficient_quota|billing|credit balance/i,
    "quota_exhausted",
  ],
  [/input token count .*exceeds|context (?:window|length)|prompt (?:is|as) too long/i, "context_too_long"],
  [/rate.?limit|too many requests/i, "rate_limited"],
  [/api key|unauthori[sz]ed|forbidden|authenticat|not logged in/i, "auth"],
  [/model .*not found|not found for API version|no such model/i, "model_unavailable"],
  [/overloaded|service unavailable|high demand/i, "overloaded"],
  [/connection error|fetch failed|terminated|econnrefused|stream disconnected|socket/i, "network"],
]

export const classOf = ({ code, data, message }: Fault): Class => {
  // Gemini CLI gives the status of the server as the code.
  if (code >= 400 && code < 600) return quotaIn(message) ?? classOfStatus(code) ?? "crashed"
  if (code === authRequired) return "auth"
  const said = wordsOf({ code, data, message })
  return (
    names[asText(at(data, "errorName")) ?? ""] ?? byCodex(data) ?? byStatus(said) ?? byText(said) ?? "crashed"
  )
}

const authRequired = -32_000

/** Everything that was said about it. */
export const wordsOf = ({ data, message }: Fault): string =>
  [message, asText(data), asText(at(data, "message")), asText(at(data, "details"))]
    .filter((text) => text !== undefined)
    .join(": ")

const byText = (text: string): Class | undefined => texts.find(([words]) => words.test(text))?.[1]

const quotaIn = (text: string): Class | undefined => {
  const class_ = byText(text)
  return class_ === "quota_exhausted" || class_ === "context_too_long" ? class_ : undefined
}

const byCodex = (data: unknown): Class | undefined => {
  const info = at(data, "codex_error_info")
  const [name, detail] = Object.entries(asObject(info) ?? {})[0] ?? [asText(info) ?? "", undefined]
  const status = asNumber(at(detail, "http_status_code")) ?? asNumber(at(detail, "httpStatusCode"))
  return classOfStatus(status) ?? infos[name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

const byStatus = (text: string): Class | undefined =>
  classOfStatus(
    Number(/(?:unexpected|last) status:? (\d{3})|\bHTTP (\d{3})\b/i.exec(text)?.slice(1).find(Boolean)),
  )

/** How long the vendor asks to wait. */
const waitIn = (text: string): Pick<Failure.FailureFacts, "retry_after_ms"> => {
  const seconds = Number(/(?:retry|try again) (?:in|after) (\d+(?:\.\d+)?)\s*s/i.exec(text)?.[1])
  return seconds > 0 ? { retry_after_ms: seconds * 1000 } : {}
}

export const failureOf = (agent: string, fault: Fault): Failure.Failure => {
  const words = wordsOf(fault)
  return Failure.of(classOf(fault), `${agent} said: ${Reading.brief(words, 300)}`, {
    ...waitIn(words),
    evidence: [Reading.brief(JSON.stringify(fault), 500)],
  })
}

/** A line on stderr or of its log: the agent waits, and asks its vendor again by itself. */
export const early = (agent: string, line: string): Failure.Failure | undefined => {
  const again = /^(?:\[[^\]]+\] \[WARN\] )?Attempt \d+ failed(?: with status (\d{3})|(:))?/.exec(line)
  const words = /level=ERROR .*message="stream error".* error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]
  if (again === null && words === undefined) return undefined
  const [, status, colon] = again ?? []
  // Gemini CLI tells no status where its vendor named a wait.
  const limited = colon === undefined ? undefined : "rate_limited"
  const class_ = classOfStatus(Number(status)) ?? limited ?? byText(words ?? line) ?? "network"
  return Failure.of(class_, `${agent} tries again: ${Reading.brief(words ?? line, 300)}`, waitIn(line))
}

/** Why a turn stopped without an answer; nothing where it has one. */
export const ofStop = (agent: string, reason: unknown): Failure.Failure | undefined => {
  switch (reason) {
    case "refusal":
      return Failure.of("refused", `${agent} refused to go on.`)
    case "max_tokens":
      return Failure.of("bad_output", `${agent} stopped at the model's limit of output.`)
    case "max_turn_requests":
      return Failure.of("bad_output", `${agent} stopped at its limit of requests in one turn.`)
    case "cancelled":
      return Failure.of("interrupted", `${agent} says that its turn was cancelled.`)
    default:
      return undefined
  }
}
