/** A request as the start of `copilot --output-format json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
}

const modes: Adapter.Modes = {
  restricted: [],
  auto: ["--allow-tool", "write"],
  bypass: ["--allow-all-tools"],
}

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    "--output-format",
    "json",
    ...mode(modes, request.permission),
    ...flag("--model", request.model ?? config.model),
    ...(request.session === undefined ? [] : [`--resume=${request.session.id}`]),
    ...(request.mcp === undefined ? [] : servers(request.mcp)),
    ...config.args,
  ],
  env: { COPILOT_AUTO_UPDATE: "false", ...config.env, ...request.env },
  stdin: { text: request.prompt },
})

/** Their tools need a permission like all others, and without a list of tools none is offered. */
const servers = (mcp: ReadonlyArray<Agent.McpServer>): ReadonlyArray<string> => {
  const entries = mcp.map(({ name, ...server }) => [name, { type: "local", ...server, tools: ["*"] }])
  return [
    "--additional-mcp-config",
    JSON.stringify({ mcpServers: Object.fromEntries(entries) }),
    ...mcp.flatMap(({ name }) => ["--allow-tool", name]),
  ]
}
