/** Reads `gemini -o stream-json`. A stream that is cut ends with exit 0 too: without `result` nothing has succeeded. */
import { type Agent, Reading } from "hub/plugin"
import { alarmIn, fromEnd, ofExit, ofResult } from "./Failures.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Reading.Tools(heard, names)
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

const read = (heard: Reading.Transcript, tools: Reading.Tools, event: Json): Events | undefined => {
  switch (event["type"]) {
    case "init":
      return heard.session(event["session_id"])
    case "message":
      return event["role"] === "assistant" ? heard.said(event["content"], event["delta"] === true) : []
    case "tool_use":
      return tools.started(event["tool_id"], event["tool_name"], event["parameters"])
    case "tool_result":
      return finished(tools, event)
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

const names: Reading.ToolNames = {
  shell: "run_shell_command",
  todo: "write_todos",
  editors: { write_file: "write", replace: "update", edit: "update" },
}

const finished = (tools: Reading.Tools, event: Json): Events =>
  tools.finished(event["tool_id"], {
    ok: event["status"] === "success",
    status: event["status"],
    result: event["output"] ?? at(event, "error", "message"),
  })

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
