/** Reads `copilot --output-format json`. The session's id stands on the last line only. */
import { type Agent, Failure, Reading } from "hub/plugin"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const commands = new Map<unknown, unknown>()
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const type = asText(event?.["type"])
      if (event === undefined || type === undefined) return heard.line(line, stream)
      const events = read(heard, commands, type, event)
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
  commands: Map<unknown, unknown>,
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
      return started(heard, commands, data)
    case "tool.execution_complete":
      return finished(heard, commands, data)
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

const started = (heard: Reading.Transcript, commands: Map<unknown, unknown>, data: Json): Events => {
  const [id, tool] = [data["toolCallId"], data["toolName"]]
  if (tool !== "bash") return heard.did("tool_started", { tool, arguments: data["arguments"], id })
  const command = at(data, "arguments", "command")
  commands.set(id, command)
  return heard.did("command_started", { command, id })
}

const finished = (heard: Reading.Transcript, commands: Map<unknown, unknown>, data: Json): Events => {
  const id = data["toolCallId"]
  const told = {
    id,
    output: at(data, "result", "content") ?? at(data, "error", "message"),
    status: data["success"] === false ? "failed" : "completed",
  }
  const { output, ...rest } = told
  if (!commands.has(id))
    return heard.did("tool_finished", { ...rest, tool: data["toolName"], result: output })
  const exit_code = asNumber(at(data, "shellExecution", "exitCode"))
  return heard.did("command_finished", { ...told, command: commands.get(id), exit_code })
}

/** It asks again by itself, for a minute. */
const failing = (heard: Reading.Transcript, data: Json): Events => {
  const status = asNumber(data["statusCode"])
  const class_ = Reading.classOfStatus(status) ?? (status === undefined ? "network" : undefined)
  return class_ === undefined ? [] : heard.alarm(class_, `a request failed (HTTP ${status ?? "-"})`)
}

const repeated = (heard: Reading.Transcript, data: Json): Events => {
  const reason = asText(data["reason"]) ?? "an error"
  return heard.alarm(
    reason === "rate_limit" ? "rate_limited" : (heard.failure?.facts.class ?? "network"),
    reason,
  )
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
  for (const line of heard.lines("stderr")) {
    const flag = /unknown option '(--?[\w-]+)/i.exec(line)?.[1]
    if (flag !== undefined)
      return Failure.of(
        "adapter_mismatch",
        `Copilot CLI does not take ${flag}. \`hub doctor agents\` compares versions.`,
      )
    if (/not logged in|no authentication|authenticat/i.test(line))
      return Failure.of("auth", `Copilot CLI said: ${line.slice(0, 300)}`)
  }
  return undefined
}
