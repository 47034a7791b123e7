/** What droid's sentences mean. Seen with 0.225.2, November 2026. */
import { Failure, Reading } from "hub/plugin"

/** `401 Incorrect API key …`: the status, then the server's words. */
export const classOf = (text: string): Failure.FailureClass => {
  if (/context (?:length|window)|context_length_exceeded|prompt is too long/i.test(text))
    return "context_too_long"
  if (/insufficient_quota|exceeded your current quota|billing|credit/i.test(text)) return "quota_exhausted"
  if (/content moderation policy/i.test(text)) return "refused"
  if (/not logged in|log ?in|authenticat|FACTORY_API_KEY/i.test(text)) return "auth"
  const class_ = Reading.classOfStatus(Number(/^(\d{3})\b/.exec(text)?.[1]))
  if (class_ !== undefined) return class_
  return /connect|fetch failed|ECONN|ENOTFOUND|terminated|network/i.test(text) ? "network" : "crashed"
}

/** An end without an event. */
export const fromTexts = (lines: ReadonlyArray<string>): Failure.Failure | undefined => {
  const flag = Reading.unknownFlag("droid", lines)
  if (flag !== undefined) return flag
  if (lines.some((line) => line.startsWith("Unknown tool identifier")))
    return Failure.of("adapter_mismatch", unknownTool)
  const asked = lines.findIndex((line) => line.includes("Failed to fetch session"))
  if (asked < 0) return undefined
  const why = lines
    .slice(asked + 1)
    .map((line) => /Error: (.+)$/.exec(line)?.[1])
    .find((text) => text !== undefined)
  return Failure.of(
    why === undefined ? "crashed" : classOf(why),
    `droid asks its maker's server before it goes on with a session, and got no answer: ${why ?? "it did not say why"}`,
  )
}

const unknownTool =
  "droid does not know one of the tools that it was to be left with, and does not say which: compare `--only-tools` with what `droid exec --list-tools` tells"
