/** A tool call as the protocol tells it, bit by bit, and what it comes to. */
import { Reading } from "hub/plugin"
import { diffOf } from "./Diff.ts"

type Json = Reading.Json

const { asObject, asObjects, asText, at } = Reading

/** What is known of a call so far: later words of the agent replace earlier ones. */
export const merged = (before: Json, update: Json): Json => ({
  ...before,
  ...Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined && value !== null)),
})

export const kindOf = (call: Json): string =>
  asText(call["kind"]) ?? asText(at(call, "_meta", "x.ai/tool", "kind")) ?? "other"

/** The agent's own name for the tool, where it tells one; else what it shows to people. */
export const nameOf = (call: Json): string =>
  asText(at(call, "_meta", "claudeCode", "toolName")) ??
  asText(at(call, "_meta", "toolName")) ??
  asText(at(call, "_meta", "x.ai/tool", "name")) ??
  (kindOf(call) === "other" ? asText(call["title"]) : undefined) ??
  kindOf(call)

/** Of a call that runs one. Gemini CLI tells it as the title only; all others as input, which may come later than the call. */
export const commandOf = (call: Json): string | undefined => {
  if (kindOf(call) !== "execute") return undefined
  const input = asObject(call["rawInput"])
  if (input === undefined) return asText(call["title"])
  const command = input["command"] ?? input["cmd"]
  return Array.isArray(command) ? command.map(String).join(" ") : asText(command)
}

const pathKeys = ["path", "file_path", "filePath", "filepath", "abs_path", "absolute_path", "notebook_path"]

/** Every path that the call names, as it names it. */
export const pathsOf = (call: Json): ReadonlyArray<string> => {
  const input = asObject(call["rawInput"]) ?? {}
  const named = [
    ...asObjects(call["locations"]).map(({ path }) => path),
    ...diffsOf(call).map(({ path }) => path),
    ...pathKeys.map((key) => input[key]),
  ]
  return [...new Set(named.filter((path) => typeof path === "string" && path !== ""))] as Array<string>
}

export const diffsOf = (call: Json): ReadonlyArray<Json> =>
  asObjects(call["content"]).filter(({ type }) => type === "diff")

/** The changes as text; nothing when it tells none. */
export const changesOf = (call: Json): string | undefined => {
  const diffs = diffsOf(call).map(({ newText, oldText, path }) =>
    diffOf(asText(path) ?? "", asText(oldText) ?? "", asText(newText) ?? ""),
  )
  return diffs.length === 0 ? undefined : diffs.join("\n")
}

/** What came out of it. */
export const outputOf = (call: Json): string | undefined => {
  const raw = call["rawOutput"]
  const said = asObjects(call["content"]).flatMap(({ content }) => asText(at(content, "text")) ?? [])
  return asText(raw) ?? asText(at(raw, "output")) ?? (said.length === 0 ? undefined : said.join("\n"))
}
