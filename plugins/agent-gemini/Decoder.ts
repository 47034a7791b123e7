/** Reads `gemini -o stream-json`. A stream that is cut ends with exit 0 too: without `result` nothing has succeeded. */
import { type Agent, Reading } from "hub/plugin"
import { alarmIn, fromEnd, ofExit, ofResult } from "./Failures.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asObject, asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Map<string, Json>()
  return {
    feed: (line, stream) => {
      if (stream === "stderr") return muttered(heard, line)
      const event = objectIn(line)
      const events = event === undefined ? undefined : read(heard, tools, event)
      if (events === undefined) return heard.line(line, stream)
      heard.understood()
      return events
    },
    end: (exit) => {
      const class_ = ofExit(exit)
      // A message may say nothing but that it failed, where the exit is the HTTP status.
      if (class_ !== undefined && heard.failure?.facts.class === "network") heard.meant(class_)
      return heard.end(exit, () => fromEnd(heard, exit))
    },
  }
}

const read = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events | undefined => {
  switch (event["type"]) {
    case "init":
      return heard.session(event["session_id"])
    case "message":
      return event["role"] === "assistant" ? heard.said(event["content"], event["delta"] === true) : []
    case "tool_use":
      return started(heard, tools, event)
    case "tool_result":
      return finished(heard, tools, event)
    case "error":
      return heard.line(asText(event["message"]) ?? "", "stdout")
    case "result":
      return result(heard, event)
    default:
      return undefined
  }
}

/** Said at each start, whatever follows. */
const isNoise = /^\[STARTUP\]|^Ripgrep is not available|^Warning: True color|^Skill ".*" overrid/

/** While it repeats by itself, for minutes, stdout is silent: only stderr tells. */
const muttered = (heard: Reading.Transcript, line: string): Events => {
  if (isNoise.test(line)) return []
  const told = heard.line(line, "stderr")
  const alarm = alarmIn(line)
  return alarm === undefined ? told : [...told, ...heard.alarm(alarm.class, line, alarm.more)]
}

const started = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events => {
  const [id, tool] = [asText(event["tool_id"]) ?? "", asText(event["tool_name"]) ?? ""]
  const parameters = asObject(event["parameters"]) ?? {}
  tools.set(id, { tool, ...parameters })
  if (tool === "run_shell_command")
    return heard.did("command_started", { command: parameters["command"], id })
  if (tool === "write_todos") return heard.did("todo_updated", { items: parameters["todos"] })
  return heard.did("tool_started", { tool, arguments: parameters, id })
}

const editors = new Set(["write_file", "replace", "edit"])

const finished = (heard: Reading.Transcript, tools: Map<string, Json>, event: Json): Events => {
  const id = asText(event["tool_id"]) ?? ""
  const asked = tools.get(id) ?? {}
  tools.delete(id)
  const tool = asText(asked["tool"]) ?? ""
  const ok = event["status"] === "success"
  const output = event["output"] ?? at(event, "error", "message")
  if (tool === "run_shell_command")
    return heard.did("command_finished", { command: asked["command"], output, status: event["status"], id })
  const path = asked["file_path"]
  const changed =
    ok && editors.has(tool) && typeof path === "string"
      ? heard.did("file_changed", { changes: [{ path, kind: tool === "write_file" ? "write" : "update" }] })
      : []
  return [...heard.did("tool_finished", { tool, id, result: output, status: event["status"] }), ...changed]
}

const result = (heard: Reading.Transcript, event: Json): Events => {
  if (event["status"] === "success") heard.succeeded()
  else {
    const text = asText(at(event, "error", "message")) ?? heard.lines("stdout").at(-1) ?? "it did not say why"
    heard.failed(ofResult(text, heard.failure?.facts.class), text)
  }
  return heard.used({
    input_tokens: at(event, "stats", "input_tokens"),
    output_tokens: at(event, "stats", "output_tokens"),
    cached_input_tokens: at(event, "stats", "cached"),
  })
}
