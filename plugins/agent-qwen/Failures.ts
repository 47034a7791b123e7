/** What Qwen Code's sentences mean. Seen with 0.24.4, November 2026. */
import { Failure, Reading } from "hub/plugin"

/** `[API Error: 401 …]`: the status, then the server's words. In its telemetry the status stands beside them. */
export const classOf = (
  text: string,
  status: number | undefined = Number(/API Error: (\d{3})\b/.exec(text)?.[1]),
): Failure.FailureClass | undefined => {
  if (/context (?:length|window)|context_length_exceeded|input token count/i.test(text))
    return "context_too_long"
  if (/insufficient_quota|exceeded your current quota|billing/i.test(text)) return "quota_exhausted"
  if (/structured_output tool as required/.test(text)) return "bad_output"
  const class_ = Reading.classOfStatus(status)
  if (class_ !== undefined) return class_
  return /connection error|fetch failed|ECONN|terminated|timeout/i.test(text) ? "network" : undefined
}

/** An end without an event. */
export const fromTexts = (lines: ReadonlyArray<string>): Failure.Failure | undefined => {
  const told = lines.map((line) => line.replaceAll(colour, ""))
  const schema = told.find((line) => line.startsWith("--json-schema "))
  return schema === undefined
    ? Reading.unknownFlag("Qwen Code", told)
    : Failure.of("adapter_mismatch", `Qwen Code does not take this output_schema: ${schema}`)
}

/** Its errors are red, wherever they go. */
const colour = /\u001b\[\d+m/g
