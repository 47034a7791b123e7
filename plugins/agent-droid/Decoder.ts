/** Reads `droid exec -o stream-json`. Ended by a signal it says exit 0: only `completion` means success. */
import { type Agent, Reading } from "hub/plugin"
import { classOf, fromTexts } from "./Failures.ts"
import { Log } from "./Log.ts"
import { seen } from "./Probe.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asText, at, objectIn } = Reading

type Session = Agent.AgentRequest["session"]

export const decoder = (agent: string, { session }: Pick<Agent.AgentRequest, "session">): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  const tools = new Reading.Tools(heard, names)
  const log = new Log(heard)
  return {
    feed: (line, stream) => {
      if (stream === "stderr") return log.line(line) ?? heard.line(line, stream)
      const event = objectIn(line)
      const events = event === undefined ? undefined : read(heard, tools, event, session)
      if (events === undefined) return heard.line(line, stream)
      heard.understood()
      return [...heard.session(at(event, "session_id")), ...events]
    },
    end: (exit) => heard.end(exit, () => fromTexts([...heard.lines("stderr"), ...heard.lines("stdout")])),
  }
}

const read = (
  heard: Reading.Transcript,
  tools: Reading.Tools,
  event: Json,
  session: Session,
): Events | undefined => {
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
      return completed(heard, event, session)
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

/** It counts turns and tokens over its whole session. Seen with 0.225.2. */
const completed = (heard: Reading.Transcript, event: Json, session: Session): Events => {
  const told = {
    input_tokens: at(event, "usage", "input_tokens"),
    output_tokens: at(event, "usage", "output_tokens"),
    cached_input_tokens: at(event, "usage", "cache_read_input_tokens"),
    turns: event["numTurns"],
  }
  if (isAnew(told, session)) heard.failed("crashed", `it has no session ${session?.id}, and began a new one`)
  else heard.succeeded({ text: event["finalText"] })
  return heard.used(Reading.sinceBefore(told, before(session)))
}

/** A branch goes on with the turns, and counts its tokens anew. */
const before = (session: Session): Readonly<Record<string, number>> => {
  const { session_turns, ...tokens } = session?.usage ?? {}
  return { ...(session?.fork === true ? {} : tokens), ...(session_turns !== undefined && { session_turns }) }
}

interface Told {
  readonly input_tokens: unknown
  readonly turns: unknown
}

/** A session that it does not know it begins without a word, under that id: this is its first turn, and took no more than was used before. */
const isAnew = ({ input_tokens, turns }: Told, session: Session): boolean =>
  session !== undefined &&
  session.fork !== true &&
  turns === 1 &&
  Number(input_tokens) <= (session.usage?.["session_input_tokens"] ?? Number.POSITIVE_INFINITY)
