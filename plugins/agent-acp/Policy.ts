/** Who decides on what the agent asks: a rule of the table, else the step's permission. */
import type { Agent, Reading } from "hub/plugin"
import type { Rule } from "./Config.ts"
import * as Glob from "./Glob.ts"
import { commandOf, kindOf, nameOf, pathsOf } from "./ToolCall.ts"

export interface Verdict {
  readonly decision: Rule["decision"]
  readonly because: string
}

interface Call {
  readonly kind: string
  readonly name: string
  readonly command: string | undefined
  /** Absolute, without `.` and `..`. */
  readonly paths: ReadonlyArray<string>
  readonly cwd: string
}

/** What only looks. */
const looking = new Set(["read", "search", "think"])
const editing = new Set(["edit", "delete", "move"])

/** `hub`: names of the tools of the hub's own server, where the agent has it. */
export const decide = (
  rules: ReadonlyArray<Rule>,
  permission: Agent.Permission = "auto",
  cwd: string,
  toolCall: Reading.Json,
  hub?: string | undefined,
): Verdict => {
  const call = {
    kind: kindOf(toolCall),
    name: nameOf(toolCall),
    command: commandOf(toolCall),
    paths: pathsOf(toolCall).map((path) => Glob.absolute(path, cwd)),
    cwd,
  }
  const at = rules.findIndex((rule) => fits(rule, call))
  const rule = rules[at]
  if (rule !== undefined) return { decision: rule.decision, because: `rule ${at + 1} of the policy` }
  // A run that it starts is allowed no more than its own, and nobody who is asked anyway is passed over.
  if (permission !== "ask" && hub !== undefined && call.kind === "other" && Glob.matches(hub, call.name))
    return { decision: "allow", because: "hub_tools" }
  return { decision: byPermission(permission, call), because: `permission = "${permission}"` }
}

/** A rule that allows must cover the whole call; any other one is for a call with a part that it covers. */
const fits = (rule: Rule, call: Call): boolean => {
  const allows = rule.decision === "allow"
  const { command, path, tool } = rule
  if (tool !== undefined && !Glob.matches(tool, call.kind) && !Glob.matches(tool, call.name)) return false
  if (command !== undefined && !fitsCommand(command, call.command, allows)) return false
  if (path === undefined) return true
  const covered = (one: string) => Glob.matchesPath(path, one, call.cwd)
  return allows ? call.paths.length > 0 && call.paths.every(covered) : call.paths.some(covered)
}

const fitsCommand = (pattern: string, command: string | undefined, allows: boolean): boolean =>
  command !== undefined &&
  Glob.matches(pattern, command) &&
  (!allows || operators(pattern) === operators(command))

/** What makes more than one command of a line, or sends its output elsewhere. */
const operators = (text: string): string => text.replaceAll(/[^;&|<>$`(){}\r\n]/g, "")

const byPermission = (permission: Agent.Permission, call: Call): Verdict["decision"] => {
  if (permission === "bypass") return "allow"
  const inside = call.paths.every((path) => Glob.isInside(path, call.cwd))
  if (looking.has(call.kind) && inside) return "allow"
  if (permission === "ask") return "ask"
  const edits = permission === "auto" && editing.has(call.kind) && call.paths.length > 0 && inside
  return edits ? "allow" : "deny"
}
