/** Reads `claude -p --output-format stream-json`. Key order is not stable and the first line is not always `init`: nothing is sniffed. */
import type { Agent, Failure } from "hub/plugin"
import { type Exit, Reading } from "hub/plugin"
import { early, ofAnswer, ofResult } from "./Failures.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asObjects, asText, at, objectIn } = Reading

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
    end: (exit) => ended(heard, exit),
  }
}

/** Ended by SIGINT it says exit 0, so its own word counts before that. */
const ended = (heard: Reading.Transcript, exit: Exit): Agent.Answer | Failure.Failure =>
  heard.end(exit, () => Reading.unknownFlag("Claude Code", heard.lines("stderr")))

/** Nothing when it is none of the events known here. */
const read = (heard: Reading.Transcript, tools: Reading.Tools, event: Json): Events | undefined => {
  switch (event["type"]) {
    case "system":
      return system(heard, event)
    case "assistant":
      return assistant(heard, tools, event)
    case "user":
      return asObjects(at(event, "message", "content")).flatMap((part) => finished(tools, part, event))
    case "result":
      return result(heard, event)
    case "rate_limit_event":
      return limits(heard, event)
    case "stream_event":
    case "control_request":
    case "control_response":
      return []
    default:
      return undefined
  }
}

const system = (heard: Reading.Transcript, event: Json): Events => {
  if (event["subtype"] === "permission_denied")
    return heard.did("permission_denied", { tool: event["tool_name"], reason: event["message"] })
  if (event["subtype"] !== "api_retry") return []
  const wait = asNumber(event["retry_delay_ms"])
  const text = `${asText(event["error"]) ?? "an error"} (HTTP ${asNumber(event["error_status"]) ?? "-"}), attempt ${asNumber(event["attempt"]) ?? "?"} of ${asNumber(event["max_retries"]) ?? "?"}`
  return heard.alarm(early(event), text, wait === undefined ? {} : { retry_after_ms: wait })
}

const assistant = (heard: Reading.Transcript, tools: Reading.Tools, event: Json): Events => {
  const class_ = ofAnswer(event)
  const parts = asObjects(at(event, "message", "content"))
  if (class_ !== undefined) {
    // The limit that was told as data is more exact than the words that follow it.
    if (heard.failure?.facts.class !== "quota_exhausted")
      heard.failed(class_, parts.map(({ text }) => asText(text) ?? "").join(" "))
    return []
  }
  // The words of a helper of its own are no answer to us.
  const inner = asText(event["parent_tool_use_id"]) !== undefined
  return parts.flatMap((part) => said(heard, tools, part, inner))
}

const said = (heard: Reading.Transcript, tools: Reading.Tools, part: Json, inner: boolean): Events => {
  switch (part["type"]) {
    case "text":
      return inner ? heard.did("reasoning", { text: part["text"] }) : heard.said(part["text"])
    case "thinking":
      return heard.did("reasoning", { text: part["thinking"] })
    case "tool_use":
      return tools.started(part["id"], part["name"], part["input"])
    default:
      return []
  }
}

const names: Reading.ToolNames = {
  shell: "Bash",
  todo: "TodoWrite",
  question: "AskUserQuestion",
  editors: { Edit: "update", MultiEdit: "update", Write: "update", NotebookEdit: "update" },
}

const finished = (tools: Reading.Tools, part: Json, event: Json): Events =>
  part["type"] === "tool_result"
    ? tools.finished(part["tool_use_id"], {
        ok: part["is_error"] !== true,
        result: contentOf(part["content"]),
        change: { path: at(event, "tool_use_result", "filePath"), kind: kindOf(event) },
      })
    : []

const kindOf = (event: Json): string => (at(event, "tool_use_result", "type") === "create" ? "add" : "update")

const contentOf = (content: unknown): unknown =>
  Array.isArray(content)
    ? asObjects(content)
        .map(({ text }) => asText(text) ?? "")
        .join("\n")
    : content

/** It is sent with good answers too: only a rejection counts. */
const limits = (heard: Reading.Transcript, event: Json): Events => {
  const info = asObject(event["rate_limit_info"]) ?? {}
  if (info["status"] !== "rejected") return []
  const resets = asNumber(info["resetsAt"])
  const window = asText(info["rateLimitType"])
  heard.failed("quota_exhausted", `the ${window?.replaceAll("_", "-") ?? "account's"} limit is used up`, {
    ...(resets === undefined ? {} : { resets_at: resets * 1000 }),
    ...(window === undefined ? {} : { window: windows[window] ?? window }),
  })
  return []
}

const windows: Readonly<Record<string, string>> = { five_hour: "5h", seven_day: "weekly" }

/** An API failure ends with `subtype: "success"` and `is_error: true`: the latter decides. */
const result = (heard: Reading.Transcript, event: Json): Events => {
  const used = heard.used(usageOf(event))
  if (event["is_error"] === false) {
    heard.succeeded({ text: event["result"], data: event["structured_output"] })
    return used
  }
  const before = heard.failure?.facts.class
  const class_ = ofResult(event)
  // The last word names a status where the one before only said that the server failed.
  if (before === undefined || (class_ !== "crashed" && before !== "quota_exhausted")) {
    const errors = Array.isArray(event["errors"]) ? event["errors"].join(" ") : undefined
    heard.failed(class_, asText(event["result"]) ?? errors ?? String(event["subtype"]))
  }
  return used
}

const usageOf = (event: Json): Record<string, unknown> => ({
  input_tokens: at(event, "usage", "input_tokens"),
  output_tokens: at(event, "usage", "output_tokens"),
  cached_input_tokens: at(event, "usage", "cache_read_input_tokens"),
  cost_usd: event["total_cost_usd"],
  turns: event["num_turns"],
})
