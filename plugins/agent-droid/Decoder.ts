/** Reads `droid exec -o stream-json`. Ended by a signal it says exit 0: only `completion` means success. */
import { type Agent, type Failure, Reading } from "hub/plugin"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Reading.Tools(heard, names)
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const events = event === undefined ? undefined : read(heard, tools, event)
      if (events === undefined) return heard.line(line, stream)
      heard.understood()
      return [...heard.session(at(event, "session_id")), ...events]
    },
    end: (exit) =>
      heard.end(exit, () =>
        Reading.unknownFlag("droid", [...heard.lines("stderr"), ...heard.lines("stdout")]),
      ),
  }
}

const read = (heard: Reading.Transcript, tools: Reading.Tools, event: Json): Events | undefined => {
  switch (event["type"]) {
    case "system":
      return []
    case "message":
      return event["role"] === "assistant" ? heard.said(event["text"]) : []
    case "reasoning":
      return heard.did("reasoning", { text: event["text"] })
    case "tool_call":
      return tools.started(idOf(event), event["toolName"], event["parameters"])
    case "tool_result":
      return finished(tools, event)
    case "error":
      return broke(heard, event)
    case "completion":
      return completed(heard, event)
    default:
      return undefined
  }
}

const names: Reading.ToolNames = {
  shell: "Execute",
  todo: "TodoWrite",
  question: "AskUser",
  editors: { Create: "add", Edit: "update", ApplyPatch: "update" },
}

const idOf = (event: Json): unknown => asText(event["id"]) ?? asText(event["toolCallId"])

const finished = (tools: Reading.Tools, event: Json): Events =>
  tools.finished(idOf(event), {
    ok: event["isError"] !== true,
    result: event["value"] ?? event["error"],
    tool: event["toolName"],
  })

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
