/** A request as the start of `claude -p`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  output_schema: true,
  system_prompt: true,
}

const modes: Adapter.Modes = {
  restricted: ["--permission-mode", "plan"],
  auto: ["--permission-mode", "acceptEdits"],
  bypass: ["--dangerously-skip-permissions"],
}

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    "-p",
    "--output-format",
    "stream-json",
    "--verbose",
    ...mode(modes, request.permission),
    ...flag("--model", request.model ?? config.model),
    ...system(request),
    ...flag("--json-schema", request.output_schema && JSON.stringify(request.output_schema)),
    ...flag("--resume", request.session?.id),
    ...(request.session?.fork === true ? ["--fork-session"] : []),
    ...flag("--max-turns", config.max_turns?.toString()),
    ...servers(request.mcp),
    ...allowed([...config.allowed_tools, ...(request.mcp ?? []).map(({ name }) => `mcp__${name}`)]),
    ...config.args,
  ],
  env: { ...environment(config, request), ...config.env, ...request.env },
  stdin: { text: request.prompt },
})

const allowed = (tools: ReadonlyArray<string>): ReadonlyArray<string> =>
  tools.length === 0 ? [] : ["--allowedTools", tools.join(",")]

const servers = (mcp: Agent.AgentRequest["mcp"]): ReadonlyArray<string> => {
  if (mcp === undefined) return []
  const entries = mcp.map(({ name, ...server }) => [
    name,
    // Else it hides the tools behind a search of its own.
    { type: "stdio", ...server, alwaysLoad: true },
  ])
  return ["--mcp-config", JSON.stringify({ mcpServers: Object.fromEntries(entries) })]
}

/** A resumed session keeps its own system prompt unless the snapshot is off. Seen with 2.1.329. */
const system = ({ session, system: prompt }: Agent.AgentRequest): ReadonlyArray<string> =>
  prompt === undefined
    ? []
    : [
        "--append-system-prompt",
        prompt,
        ...(session === undefined ? [] : ["--system-prompt-snapshot", "off"]),
      ]

const environment = (config: Config, { permission }: Agent.AgentRequest): Record<string, string> => ({
  CLAUDE_CODE_MAX_RETRIES: String(config.max_retries),
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  // It refuses to go without permissions as root, unless told that it is inside a sandbox.
  ...(permission === "bypass" ? { IS_SANDBOX: "1" } : {}),
})
