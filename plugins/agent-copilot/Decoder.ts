/** Reads `copilot --output-format json`. The session's id stands on the last line only. */
import { type Agent, Failure, Reading } from "hub/plugin"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Reading.Tools(heard, names)
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const type = asText(event?.["type"])
      if (event === undefined || type === undefined) return heard.line(line, stream)
      const events = read(heard, tools, type, event)
      if (events === undefined) return known.test(type) ? [] : heard.line(line, stream)
      heard.understood()
      return events
    },
    end: (exit) => heard.end(exit, () => fromTexts(heard)),
  }
}

/** Families of events whose members say nothing here; new ones come with each version. */
const known = /^(?:session|user|assistant|model|tool|permission|hook|subagent|abort)\b/

const read = (
  heard: Reading.Transcript,
  tools: Reading.Tools,
  type: string,
  event: Json,
): Events | undefined => {
  const data = asObject(event["data"]) ?? {}
  switch (type) {
    case "assistant.message":
      return heard.said(data["content"])
    case "assistant.reasoning":
      return heard.did("reasoning", { text: data["content"] })
    case "tool.execution_start":
      return tools.started(data["toolCallId"], data["toolName"], data["arguments"])
    case "tool.execution_complete":
      return finished(tools, data)
    case "model.call_failure":
      return failing(heard, data)
    case "assistant.turn_retry":
      return repeated(heard, data)
    case "session.error":
      heard.failed(classOf(data), asText(data["message"]) ?? "it did not say why")
      return []
    case "result":
      return result(heard, event)
    default:
      return undefined
  }
}

const names: Reading.ToolNames = { shell: "bash", editors: { create: "add", edit: "update" } }

const finished = (tools: Reading.Tools, data: Json): Events =>
  tools.finished(data["toolCallId"], {
    ok: data["success"] !== false,
    result: at(data, "result", "content") ?? at(data, "error", "message"),
    tool: data["toolName"],
    exit_code: asNumber(at(data, "shellExecution", "exitCode")),
  })

/** It asks again by itself, for a minute. */
const failing = (heard: Reading.Transcript, data: Json): Events => {
  const [status, said] = [asNumber(data["statusCode"]), asText(data["errorMessage"])]
  const told = classOf({ ...data, message: said })
  const class_ = told === "crashed" && status === undefined ? "network" : told
  if (class_ === "crashed") return []
  return heard.alarm(
    class_,
    `a request failed (HTTP ${status ?? "-"})${said === undefined ? "" : `: ${said}`}`,
  )
}

/** What failed was told before, and better. */
const repeated = (heard: Reading.Transcript, data: Json): Events => {
  if (heard.failure !== undefined) return []
  const reason = asText(data["reason"]) ?? "an error"
  return heard.alarm(reason === "rate_limit" ? "rate_limited" : "network", reason)
}

const result = (heard: Reading.Transcript, event: Json): Events => {
  if (event["exitCode"] === 0) heard.succeeded()
  return [
    ...heard.session(event["sessionId"]),
    ...heard.used({
      premium_requests: at(event, "usage", "premiumRequests"),
      api_duration_ms: at(event, "usage", "totalApiDurationMs"),
    }),
  ]
}

/** Of `session.error`. Seen with 1.0.102, November 2026. */
const classOf = (data: Json): Failure.FailureClass => {
  const text = asText(data["message"]) ?? ""
  if (/context (?:length|window)|context_length_exceeded|prompt (?:is|as) too long/i.test(text))
    return "context_too_long"
  if (/quota|billing|premium requests/i.test(text)) return "quota_exhausted"
  const class_ = Reading.classOfStatus(asNumber(data["statusCode"]))
  if (class_ !== undefined) return class_
  if (data["errorType"] === "authentication" || data["errorType"] === "authorization") return "auth"
  if (data["errorType"] === "rate_limit") return "rate_limited"
  return /connect|fetch failed|network|terminated|ECONN/i.test(text) ? "network" : "crashed"
}

const fromTexts = (heard: Reading.Transcript): Failure.Failure | undefined => {
  const told = heard.lines("stderr")
  const flag = Reading.unknownFlag("Copilot CLI", told)
  if (flag !== undefined) return flag
  const login = told.find((line) => /not logged in|no authentication|authenticat/i.test(line))
  return login === undefined ? undefined : Failure.of("auth", `Copilot CLI said: ${login.slice(0, 300)}`)
}
