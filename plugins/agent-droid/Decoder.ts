/** Reads `droid exec -o stream-json`. Ended by a signal it says exit 0: only `completion` means success. */
import { type Agent, Failure, Reading } from "hub/plugin"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asObject, asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Map<string, Json>()
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const events = event === undefined ? undefined : read(heard, tools, event)
      if (events === undefined) return heard.line(line, stream)
      heard.understood()
      return [...heard.session(at(event, "session_id")), ...events]
    },
    end: (exit) => heard.end(exit, () => fromTexts(heard)),
  }
}

const read = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events | undefined => {
  switch (event["type"]) {
    case "system":
      return []
    case "message":
      return event["role"] === "assistant" ? heard.said(event["text"]) : []
    case "reasoning":
      return heard.did("reasoning", { text: event["text"] })
    case "tool_call":
      return started(heard, tools, event)
    case "tool_result":
      return finished(heard, tools, event)
    case "error":
      return broke(heard, event)
    case "completion":
      return completed(heard, event)
    default:
      return undefined
  }
}

const started = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events => {
  const id = asText(event["id"]) ?? asText(event["toolCallId"]) ?? ""
  const tool = asText(event["toolName"]) ?? ""
  const parameters = asObject(event["parameters"]) ?? {}
  tools.set(id, { tool, ...parameters })
  if (tool === "Execute") return heard.did("command_started", { command: parameters["command"], id })
  if (tool === "TodoWrite") return heard.did("todo_updated", { items: parameters["todos"] })
  if (tool === "AskUser") return heard.did("input_required", { text: JSON.stringify(parameters) })
  return heard.did("tool_started", { tool, arguments: parameters, id })
}

const editors = new Set(["Create", "Edit", "ApplyPatch"])

const finished = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events => {
  const id = asText(event["id"]) ?? asText(event["toolCallId"]) ?? ""
  const asked = tools.get(id) ?? {}
  tools.delete(id)
  const tool = asText(asked["tool"]) ?? asText(event["toolName"]) ?? ""
  const [status, output] = [
    event["isError"] === true ? "failed" : "completed",
    event["value"] ?? event["error"],
  ]
  if (tool === "Execute")
    return heard.did("command_finished", { command: asked["command"], output, status, id })
  const path = asked["file_path"]
  const changed =
    editors.has(tool) && status === "completed" && typeof path === "string"
      ? heard.did("file_changed", { changes: [{ path, kind: tool === "Create" ? "add" : "update" }] })
      : []
  return [...heard.did("tool_finished", { tool, id, result: output, status }), ...changed]
}

/** The loop tells the reason; that `Exec failed` comes after it. */
const broke = (heard: Reading.Transcript, event: Json): Events => {
  const text = asText(event["message"]) ?? "it did not say why"
  if (event["source"] === "agent_loop" || heard.failure === undefined) heard.failed(classOf(text), text)
  return []
}

const completed = (heard: Reading.Transcript, event: Json): Events => {
  heard.succeeded({ text: event["finalText"] })
  return heard.used({
    input_tokens: at(event, "usage", "input_tokens"),
    output_tokens: at(event, "usage", "output_tokens"),
    cached_input_tokens: at(event, "usage", "cache_read_input_tokens"),
    turns: event["numTurns"],
  })
}

/** `401 Incorrect API key …`: the status, then the server's words. Seen with 0.225.2, November 2026. */
const classOf = (text: string): Failure.FailureClass => {
  if (/context (?:length|window)|context_length_exceeded|prompt is too long/i.test(text))
    return "context_too_long"
  if (/insufficient_quota|exceeded your current quota|billing|credit/i.test(text)) return "quota_exhausted"
  if (/not logged in|log ?in|authenticat|FACTORY_API_KEY/i.test(text)) return "auth"
  const class_ = Reading.classOfStatus(Number(/^(\d{3})\b/.exec(text)?.[1]))
  if (class_ !== undefined) return class_
  return /connection|fetch failed|ECONN|terminated|network/i.test(text) ? "network" : "crashed"
}

const fromTexts = (heard: Reading.Transcript): Failure.Failure | undefined => {
  for (const line of [...heard.lines("stderr"), ...heard.lines("stdout")]) {
    const flag = /^(?:error: )?unknown option '?(--?[\w-]+)/i.exec(line)?.[1]
    if (flag !== undefined)
      return Failure.of(
        "adapter_mismatch",
        `droid does not take ${flag}. \`hub doctor agents\` compares versions.`,
      )
  }
  return undefined
}
