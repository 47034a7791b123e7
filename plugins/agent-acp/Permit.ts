/** A question of the agent: answered by the policy, or by whoever the hub asks. */
import type { RequestPermissionResponse } from "@agentclientprotocol/sdk"
import { Effect } from "effect"
import { type Agent, Reading } from "hub/plugin"
import { absolute } from "./Glob.ts"
import { decide, type Verdict } from "./Policy.ts"
import type { Setting } from "./Session.ts"
import { changesOf, commandOf, nameOf, pathsOf } from "./ToolCall.ts"

type Json = Reading.Json

const { asObjects, asText } = Reading

const kinds: Readonly<Record<string, Agent.ChoiceKind>> = {
  allow_once: "allow",
  allow_always: "allow_always",
  reject_once: "deny",
  reject_always: "deny_always",
}

/** What is chosen; nothing when nobody did. `tell` hears of what was decided without anybody. */
export const permit = Effect.fnUntraced(function* (
  { config, preset }: Setting,
  request: Agent.AgentRequest,
  host: Agent.AgentHost,
  toolCall: Json,
  options: unknown,
  tell: (event: Agent.AgentEvent) => Effect.Effect<void>,
) {
  const question = questionOf(request, toolCall, choicesOf(options))
  const hub = config.hub_tools ? preset.hub?.tools : undefined
  const verdict = decide(config.policy, request.permission, request.cwd, toolCall, hub)
  if (verdict.decision === "ask") {
    const { choice } = yield* host.ask(question, { expires: config.answer_within })
    return choice
  }
  yield* tell(decided(question, verdict))
  return chosen(question.choices, verdict.decision)
})

const choicesOf = (options: unknown): ReadonlyArray<Agent.Choice> =>
  asObjects(options).flatMap(({ kind, name, optionId }) => {
    const known = kinds[asText(kind) ?? ""]
    const id = asText(optionId)
    return known === undefined || id === undefined ? [] : [{ id, name: asText(name) ?? id, kind: known }]
  })

const questionOf = (
  { cwd }: Agent.AgentRequest,
  toolCall: Json,
  choices: ReadonlyArray<Agent.Choice>,
): Agent.PermissionQuestion => {
  const command = commandOf(toolCall)
  const diff = changesOf(toolCall)
  const paths = pathsOf(toolCall).map((path) => absolute(path, cwd))
  const tool = nameOf(toolCall)
  return {
    tool,
    text: textOf(tool, toolCall, command),
    ...(command === undefined ? detailOf(toolCall, diff) : { command }),
    ...(paths.length === 0 ? {} : { paths }),
    ...(diff === undefined ? {} : { diff }),
    choices,
  }
}

const textOf = (tool: string, toolCall: Json, command: string | undefined): string => {
  const what = asText(toolCall["title"]) ?? command
  return what === undefined || what === tool ? tool : `${tool}: ${Reading.brief(what, 200)}`
}

/** Of a call that is neither a command nor a change: what is handed to the tool. */
const detailOf = (toolCall: Json, diff: string | undefined): { readonly command?: string } => {
  const input =
    toolCall["rawInput"] ?? asText(Reading.at(asObjects(toolCall["content"])[0], "content", "text"))
  if (diff !== undefined || input === undefined) return {}
  return { command: typeof input === "string" ? input : JSON.stringify(input) }
}

const decided = (
  { command, paths, text, tool }: Agent.PermissionQuestion,
  { because, decision }: Verdict,
): Agent.AgentEvent => ({
  type: "permission_decided",
  data: {
    tool,
    text,
    decision,
    because,
    ...(command === undefined ? {} : { command }),
    ...(paths === undefined ? {} : { paths }),
  },
})

/** Once, where the agent knows such a thing: what is decided for this call is not decided for the next. */
const chosen = (choices: ReadonlyArray<Agent.Choice>, decision: "allow" | "deny") =>
  choices.find(({ kind }) => kind === decision) ?? choices.find(({ kind }) => kind === `${decision}_always`)

/** Without a choice it is told that nobody decided, which no agent takes for a yes. */
export const outcome = (choice: Agent.Choice | undefined): RequestPermissionResponse => ({
  outcome: choice === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: choice.id },
})
