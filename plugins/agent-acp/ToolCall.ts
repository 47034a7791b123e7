/** A tool call as the protocol tells it, bit by bit, and what it comes to. */
import { Reading } from "hub/plugin"
import { diffOf } from "./Diff.ts"

type Json = Reading.Json

const { asObject, asObjects, asText, at } = Reading

/** What is known of a call so far: later words of the agent replace earlier ones, where they say something. */
export const merged = (before: Json, update: Json): Json => ({
  ...before,
  ...Object.fromEntries(
    Object.entries(update).filter(([key, value]) => !isNothing(value) && !(key in before && isEmpty(value))),
  ),
})

const isNothing = (value: unknown): boolean => value === undefined || value === null

const isEmpty = (value: unknown): boolean => Object.keys(asObject(value) ?? { some: true }).length === 0

export const kindOf = (call: Json): string =>
  asText(call["kind"]) ?? asText(at(call, "_meta", "x.ai/tool", "kind")) ?? "other"

/** The agent's own name for the tool, where it tells one; else what it shows to people. */
export const nameOf = (call: Json): string =>
  asText(at(call, "_meta", "claudeCode", "toolName")) ??
  asText(at(call, "_meta", "toolName")) ??
  asText(at(call, "_meta", "x.ai/tool", "name")) ??
  ofCodex(call) ??
  (kindOf(call) === "other" ? asText(call["title"]) : undefined) ??
  kindOf(call)

/** Its question for a tool of a server has another title than the call. */
const ofCodex = (call: Json): string | undefined => {
  const server = asText(at(call, "rawInput", "server_name"))
  const title = asText(at(call, "rawInput", "request", "_meta", "tool_title"))
  return server === undefined || title === undefined ? undefined : `Tool: ${server}/${title}`
}

/** Of a call that runs one. Gemini CLI tells it as the title only; all others as input, which may come later than the call. */
export const commandOf = (call: Json): string | undefined => {
  if (kindOf(call) !== "execute") return undefined
  const input = asObject(call["rawInput"])
  if (input === undefined) return asText(call["title"])
  const command = input["command"] ?? input["cmd"]
  return Array.isArray(command) ? ofWords(command.map(String)) : asText(command)
}

/** Codex hands a command to a shell: what that is told is the command. */
const ofWords = (words: ReadonlyArray<string>): string => {
  const [shell = "", flag = "", script, ...more] = words
  const isScript = /(?:^|\/)(?:ba|da|z)?sh$/.test(shell) && /^-l?c$/.test(flag) && more.length === 0
  return isScript && script !== undefined ? script : words.join(" ")
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
