/** Reads `codex exec --json`. */
import type { Agent, Failure } from "hub/plugin"
import { type Exit, Reading } from "hub/plugin"
import { classOf, fromTexts, isRetry } from "./Failures.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asObjects, asText, at, objectIn } = Reading

export const decoder = (
  agent: string,
  request: Pick<Agent.AgentRequest, "output_schema" | "session">,
): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const wantsData = request.output_schema !== undefined
  let words: string | undefined
  const read = (event: Json): Events | undefined => {
    switch (event["type"]) {
      case "thread.started":
        return heard.session(event["thread_id"])
      case "turn.started":
        return []
      case "item.started":
        return started(heard, asObject(event["item"]) ?? {})
      case "item.updated":
        return updated(heard, asObject(event["item"]) ?? {})
      case "item.completed": {
        const item = asObject(event["item"]) ?? {}
        if (item["type"] === "agent_message") words = asText(item["text"])
        return completed(heard, item)
      }
      case "error":
        return troubled(heard, asText(event["message"]) ?? "")
      case "turn.failed": {
        const text = asText(at(event, "error", "message")) ?? "it did not say why"
        heard.failed(classOf(text), text, waitOf(text))
        return []
      }
      case "turn.completed":
        heard.succeeded(wantsData ? { data: parsed(words) } : {})
        return heard.used(usageOf(event, request.session?.usage))
      default:
        return undefined
    }
  }
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const events = event === undefined ? undefined : read(event)
      if (events === undefined) return isNoise.test(line) ? [] : heard.line(line, stream)
      heard.understood()
      return events
    },
    end: (exit: Exit) => heard.end(exit, () => fromTexts(heard)),
  }
}

/** Said at each start, whatever follows. */
const isNoise = /^Reading additional input from stdin|^WARNING: proceeding, even though/

const started = (heard: Reading.Transcript, item: Json): Events => {
  if (item["type"] === "command_execution")
    return heard.did("command_started", { command: item["command"], id: item["id"] })
  if (item["type"] === "mcp_tool_call")
    return heard.did("tool_started", { tool: toolOf(item), arguments: item["arguments"], id: item["id"] })
  return item["type"] === "todo_list" ? updated(heard, item) : []
}

const updated = (heard: Reading.Transcript, item: Json): Events =>
  item["type"] === "todo_list" ? heard.did("todo_updated", { items: item["items"] }) : []

const completed = (heard: Reading.Transcript, item: Json): Events => {
  switch (item["type"]) {
    case "agent_message":
      return heard.said(item["text"])
    case "reasoning":
      return heard.did("reasoning", { text: item["text"] })
    case "command_execution":
      return heard.did("command_finished", {
        command: item["command"],
        exit_code: asNumber(item["exit_code"]),
        output: item["aggregated_output"],
        status: item["status"],
        id: item["id"],
      })
    case "mcp_tool_call":
      return heard.did("tool_finished", {
        tool: toolOf(item),
        result: item["result"] ?? item["error"],
        status: item["status"],
        id: item["id"],
      })
    case "file_change":
      return heard.did("file_changed", { changes: asObjects(item["changes"]), status: item["status"] })
    case "web_search":
      return heard.did("tool_finished", { tool: "web_search", result: item["query"], id: item["id"] })
    case "todo_list":
      return updated(heard, item)
    // A warning, such as an unknown model's metadata. What ends a turn is `turn.failed`.
    case "error":
      return heard.line(asText(item["message"]) ?? "", "stdout")
    default:
      return []
  }
}

const toolOf = (item: Json): string => `${asText(item["server"]) ?? "mcp"}.${asText(item["tool"]) ?? "?"}`

/** It repeats by itself, without a network for ever; its last word comes with `turn.failed`. */
const troubled = (heard: Reading.Transcript, text: string): Events =>
  isRetry(text) ? heard.alarm(classOf(text), text, waitOf(text)) : []

const waitOf = (text: string): Pick<Failure.FailureFacts, "retry_after_ms"> => {
  const wait = Reading.waitIn(text)
  return wait === undefined ? {} : { retry_after_ms: wait }
}

const amounts = {
  input_tokens: "input_tokens",
  output_tokens: "output_tokens",
  cached_input_tokens: "cached_input_tokens",
  reasoning_tokens: "reasoning_output_tokens",
} as const

/** It counts over the whole thread, and over what that was branched off from. Seen with 0.169.0. */
const usageOf = (event: Json, before?: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Reading.sinceBefore(
    Object.fromEntries(
      Object.entries(amounts).map(([key, theirs]) => [key, at(event, "usage", theirs)] as const),
    ),
    before,
  )

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
