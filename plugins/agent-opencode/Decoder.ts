/** Reads `opencode run --format json`. There is no last event: the last step that was finished says how it ended. */
import { type Agent, type Exit, type Failure, Reading } from "hub/plugin"
import { fromTexts, ofError, ofText, retried } from "./Failures.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asText, at, objectIn } = Reading

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const steps: Steps = { odd: 0, open: false }
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? objectIn(line) : undefined
      const events = event === undefined ? undefined : read(heard, steps, event)
      if (events === undefined) return [...heard.line(line, stream), ...alarmed(heard, line, stream)]
      heard.understood()
      return [...heard.session(at(event, "sessionID")), ...events]
    },
    end: (exit: Exit): Agent.Answer | Failure.Failure => heard.end(exit, () => fromTexts(heard)),
  }
}

/** An error in its log: it waits, and asks again. */
const alarmed = (heard: Reading.Transcript, line: string, stream: string): Events => {
  const text = stream === "stderr" ? retried(line) : undefined
  if (text === undefined) return []
  const wait = Reading.waitIn(text)
  return heard.alarm(ofText(text), text, wait === undefined ? {} : { retry_after_ms: wait })
}

/** What is known of its steps: those that ended without a reason, one after the other, and whether one is begun. */
interface Steps {
  odd: number
  open: boolean
}

const read = (heard: Reading.Transcript, steps: Steps, event: Json): Events | undefined => {
  const part = asObject(event["part"]) ?? {}
  switch (event["type"]) {
    case "step_start":
      return begun(heard, steps)
    case "text":
      return heard.said(part["text"])
    case "reasoning":
      return heard.did("reasoning", { text: part["text"] })
    case "tool_use":
      return used(heard, part)
    case "step_finish":
      return finished(heard, steps, part)
    case "error":
      return broke(heard, asObject(event["error"]) ?? {})
    default:
      return undefined
  }
}

/** Where the model's stream breaks off, it begins the step anew, for a minute and without a word. */
const begun = (heard: Reading.Transcript, steps: Steps): Events => {
  const again = steps.open
  steps.open = true
  return again ? heard.alarm("network", "the model's stream broke off, and it asks again") : []
}

const editors = new Set(["write", "edit", "patch", "multiedit"])

const used = (heard: Reading.Transcript, part: Json): Events => {
  const tool = asText(part["tool"]) ?? ""
  const state = asObject(part["state"]) ?? {}
  const [id, status] = [part["callID"], state["status"]]
  if (tool === "bash")
    return heard.did("command_finished", {
      command: at(state, "input", "command"),
      exit_code: asNumber(at(state, "metadata", "exit")),
      output: state["output"] ?? state["error"],
      status,
      id,
    })
  if (tool === "todowrite") return heard.did("todo_updated", { items: at(state, "input", "todos") })
  const path = at(state, "metadata", "filepath") ?? at(state, "input", "filePath")
  const kind = at(state, "metadata", "exists") === false ? "add" : "update"
  const changed =
    editors.has(tool) && status === "completed" && typeof path === "string"
      ? heard.did("file_changed", { changes: [{ path, kind }] })
      : []
  const told = { tool, arguments: state["input"], result: state["output"] ?? state["error"], status, id }
  return [...heard.did("tool_finished", told), ...changed]
}

/** Of a page that is no answer it makes steps without a reason, for ever, one after the other. */
const most = 5

const finished = (heard: Reading.Transcript, steps: Steps, part: Json): Events => {
  steps.open = false
  const reason = part["reason"]
  if (reason === "stop" || reason === "length") heard.succeeded()
  steps.odd = reason === "unknown" ? steps.odd + 1 : 0
  const alarm =
    steps.odd === most ? heard.alarm("network", "what the server sends is no answer of a model") : []
  return [
    ...heard.used(
      {
        input_tokens: at(part, "tokens", "input"),
        output_tokens: at(part, "tokens", "output"),
        reasoning_tokens: at(part, "tokens", "reasoning"),
        cached_input_tokens: at(part, "tokens", "cache", "read"),
        cost_usd: part["cost"],
      },
      true,
    ),
    ...alarm,
  ]
}

const broke = (heard: Reading.Transcript, error: Json): Events => {
  const text = asText(at(error, "data", "message")) ?? asText(error["name"]) ?? "it did not say why"
  const after = Number(at(error, "data", "responseHeaders", "retry-after"))
  heard.failed(ofError(error), text, after > 0 ? { retry_after_ms: after * 1000 } : {})
  return []
}
