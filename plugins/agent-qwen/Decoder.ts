/** Reads `qwen -o stream-json`. */
import { type Agent, Reading } from "hub/plugin"
import { classOf, fromTexts } from "./Failures.ts"
import { seen } from "./Probe.ts"
import { Telemetry } from "./Telemetry.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asObjects, asText, at, objectIn } = Reading

type Session = Agent.AgentRequest["session"]

export const decoder = (agent: string, { session }: Pick<Agent.AgentRequest, "session">): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Reading.Tools(heard, names)
  const telemetry = new Telemetry(heard)
  return {
    feed: (line, stream) => {
      if (stream === "stderr")
        return telemetry.line(line) ?? (isNoise.test(line) ? [] : heard.line(line, stream))
      const event = objectIn(line)
      const events = event === undefined ? undefined : read(heard, tools, event, session)
      if (events === undefined) return heard.line(line, stream)
      heard.understood()
      return [...heard.session(at(event, "session_id")), ...events]
    },
    end: (exit) => heard.end(exit, () => fromTexts(heard.lines("stderr"))),
  }
}

/** Said at each start, whatever follows. */
const isNoise = /^Ripgrep not available/

const read = (
  heard: Reading.Transcript,
  tools: Reading.Tools,
  event: Json,
  session: Session,
): Events | undefined => {
  switch (event["type"]) {
    case "system":
      return event["subtype"] === "retry" ? repeated(heard, event) : []
    case "assistant":
      return asObjects(at(event, "message", "content")).flatMap((part) => said(heard, tools, part))
    case "user":
      return asObjects(at(event, "message", "content")).flatMap((part) => finished(tools, part))
    case "result":
      return result(heard, event, session)
    case "stream_event":
      return []
    default:
      return undefined
  }
}

const repeated = (heard: Reading.Transcript, event: Json): Events => {
  const text = asText(at(event, "error", "message")) ?? asText(event["message"])
  return heard.alarm(classOf(text ?? "") ?? "network", text ?? "it asks again, and does not say why")
}

/** It writes a failure as if it were its answer; `result` tells which it was. */
const said = (heard: Reading.Transcript, tools: Reading.Tools, part: Json): Events => {
  if (part["type"] === "thinking") return heard.did("reasoning", { text: part["thinking"] })
  if (part["type"] === "tool_use") return called(tools, part)
  const text = asText(part["text"])
  return text?.startsWith("[API Error:") === true ? [] : heard.said(text)
}

/** The tools of MCP servers are kept behind one that calls them. */
const called = (tools: Reading.Tools, { id, input, name }: Json): Events =>
  name === "tool_call"
    ? tools.started(id, at(input, "name") ?? name, at(input, "arguments"))
    : tools.started(id, name, input)

const names: Reading.ToolNames = {
  shell: "run_shell_command",
  todo: "todo_write",
  editors: { write_file: "write", replace: "update", edit: "update" },
}

const finished = (tools: Reading.Tools, part: Json): Events =>
  part["type"] === "tool_result"
    ? tools.finished(part["tool_use_id"], { ok: part["is_error"] !== true, result: part["content"] })
    : []

/** It counts tokens over its whole session. Seen with 0.24.4. */
const result = (heard: Reading.Transcript, event: Json, session: Session): Events => {
  if (event["is_error"] === false)
    heard.succeeded({ text: event["result"], data: event["structured_result"] })
  else {
    const text = asText(at(event, "error", "message")) ?? asText(event["result"]) ?? String(event["subtype"])
    heard.failed(classOf(text) ?? "crashed", text)
  }
  const told = {
    input_tokens: at(event, "usage", "input_tokens"),
    output_tokens: at(event, "usage", "output_tokens"),
    cached_input_tokens: at(event, "usage", "cache_read_input_tokens"),
  }
  return heard.used({ ...Reading.sinceBefore(told, session?.usage), turns: event["num_turns"] })
}
