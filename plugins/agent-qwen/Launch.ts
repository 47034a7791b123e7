/** A request as the start of `qwen -o stream-json`. */
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
  restricted: ["--approval-mode", "plan"],
  auto: ["--approval-mode", "auto-edit"],
  bypass: ["--approval-mode", "yolo"],
}

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    ...flag("--auth-type", config.auth_type),
    "-o",
    "stream-json",
    ...mode(modes, request.permission),
    ...flag("-m", request.model ?? config.model),
    ...flag("--append-system-prompt", request.system),
    ...flag("--json-schema", request.output_schema && JSON.stringify(request.output_schema)),
    ...flag("--resume", request.session?.id),
    ...(request.session?.fork === true ? ["--fork-session"] : []),
    ...flag("--mcp-config", request.mcp && servers(request.mcp)),
    ...config.args,
  ],
  // Without a second process of its own it starts 0.7 s sooner.
  env: { QWEN_CODE_NO_RELAUNCH: "true", ...config.env, ...request.env },
  stdin: { text: request.prompt },
})

/** Without trust it offers none of their tools where nobody can be asked. */
const servers = (mcp: ReadonlyArray<Agent.McpServer>): string =>
  JSON.stringify({
    mcpServers: Object.fromEntries(mcp.map(({ name, ...server }) => [name, { ...server, trust: true }])),
  })
