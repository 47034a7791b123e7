/** Reads `ember run --stream`. Seen with 0.3.1: `fixtures/` has its lines. */
import { type Agent, type Exit, Failure, Reading } from "hub/plugin"

export const seen = "0.3.1"

export const decoder = (agent: string): Agent.Decoder => {
  const heard = new Reading.Transcript({ agent, seen: [seen] })
  return {
    feed: (line, stream) => {
      const event = stream === "stdout" ? Reading.objectIn(line) : undefined
      const told = event === undefined ? undefined : read(heard, event)
      if (told === undefined) return heard.line(line, stream)
      heard.understood()
      return told
    },
    end: (exit) => heard.end(exit, () => explained(agent, heard, exit)),
  }
}

/** Nothing for a line that it does not know: that one is kept as text. */
const read = (
  heard: Reading.Transcript,
  event: Reading.Json,
): ReadonlyArray<Agent.AgentEvent> | undefined => {
  switch (event["kind"]) {
    case "hello":
      return heard.session(event["session"])
    case "say":
      return heard.said(event["text"])
    case "shell":
      return heard.did("command_finished", { command: event["run"], exit_code: event["code"] })
    case "retry":
      return heard.alarm(
        classOf(event["status"]),
        `it tries again after ${String(event["status"])}`,
        wait(event),
      )
    case "fail":
      heard.failed(classOf(event["status"]), String(event["why"]))
      return []
    case "bye":
      // Ember's own word that all went well: never the exit code alone.
      heard.succeeded()
      return heard.used({ input_tokens: event["in"], output_tokens: event["out"] })
    default:
      return undefined
  }
}

const classOf = (status: unknown): Failure.FailureClass =>
  status === 402 ? "quota_exhausted" : (Reading.classOfStatus(Reading.asNumber(status)) ?? "crashed")

const wait = (event: Reading.Json) => {
  const seconds = Reading.asNumber(event["seconds"])
  return seconds === undefined ? {} : { retry_after_ms: seconds * 1000 }
}

/** What Ember says on stderr only, before there is a stream. */
const explained = (agent: string, heard: Reading.Transcript, exit: Exit): Failure.Failure | undefined => {
  const words = heard.lines("stderr").join("\n")
  if (/no key in the environment/.test(words))
    return Failure.of("auth", `${agent} has no key: set EMBER_KEY.`)
  if (exit.code === 64)
    return Failure.of("adapter_mismatch", `${agent} ${seen} knew more: ${Reading.brief(words, 200)}`)
  return undefined
}
