/** A request as the start of `copilot --output-format json`. */
import { Adapter, type Agent, Failure } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  system_prompt: true,
}

const modes: Adapter.Modes = {
  // What is denied stays so, whatever its own settings or its environment allow.
  restricted: ["--deny-tool", "write"],
  auto: ["--allow-tool", "write"],
  bypass: ["--allow-all-tools"],
}

const [instructions, servers] = [".github/instructions/hub.instructions.md", "mcp.json"]

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch | Failure.Failure => {
  const given = { ...config.env, ...request.env }
  const { dir, mcp = [], permission, session, system } = request
  if (system !== undefined && dir.includes(",")) return noSystem(dir)
  return {
    program: config.program,
    args: [
      "--output-format",
      "json",
      ...mode(modes, permission),
      ...flag("--model", request.model ?? config.model),
      ...(session === undefined ? [] : [`--resume=${session.id}`]),
      ...flag("--additional-mcp-config", request.mcp && `@${dir}/${servers}`),
      // Their tools need a permission like all others.
      ...mcp.flatMap(({ name }) => ["--allow-tool", name]),
      ...config.args,
    ],
    env: {
      COPILOT_AUTO_UPDATE: "false",
      ...(permission === undefined || permission === "bypass" ? {} : { COPILOT_ALLOW_ALL: "false" }),
      ...given,
      ...(system === undefined ? {} : { [folders]: [given[folders], dir].filter(Boolean).join(",") }),
    },
    stdin: { text: request.prompt },
    files: {
      ...(system === undefined ? {} : { [instructions]: `---\napplyTo: "**"\n---\n${system}\n` }),
      ...(request.mcp && { [servers]: JSON.stringify({ mcpServers: entries(mcp) }) }),
    },
  }
}

/** It looks there for instructions, besides its own places. */
const folders = "COPILOT_CUSTOM_INSTRUCTIONS_DIRS"

const noSystem = (dir: string) =>
  Failure.of(
    "adapter_mismatch",
    `Copilot CLI would not find the system prompt in ${dir}, whose name has a comma: say it in the prompt, or move the hub's home`,
  )

const entries = (mcp: ReadonlyArray<Agent.McpServer>) =>
  Object.fromEntries(
    // Without a list of tools none is offered.
    mcp.map(({ name, ...server }) => [name, { type: "local", ...server, tools: ["*"] }]),
  )
