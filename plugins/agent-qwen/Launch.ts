/** A request as the start of `qwen -o stream-json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  resume_in_folder: true,
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

// Its stream says nothing while it asks again, for a minute and more; its telemetry does, and goes nowhere else then.
const telemetry = {
  QWEN_TELEMETRY_ENABLED: "true",
  QWEN_TELEMETRY_TARGET: "local",
  QWEN_TELEMETRY_OUTFILE: "/dev/fd/2",
  QWEN_TELEMETRY_LOG_PROMPTS: "false",
}

const [schema, servers] = ["output-schema.json", "mcp.json"]

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    ...flag("--auth-type", config.auth_type),
    "-o",
    "stream-json",
    ...mode(modes, request.permission),
    ...flag("-m", request.model ?? config.model),
    ...flag("--append-system-prompt", request.system),
    ...flag("--json-schema", request.output_schema && `@${request.dir}/${schema}`),
    ...flag("--resume", request.session?.id),
    ...(request.session?.fork === true ? ["--fork-session"] : []),
    ...flag("--mcp-config", request.mcp && `${request.dir}/${servers}`),
    ...config.args,
  ],
  // Without a second process of its own it starts 0.7 s sooner.
  env: { QWEN_CODE_NO_RELAUNCH: "true", ...telemetry, ...config.env, ...request.env },
  stdin: { text: request.prompt },
  files: {
    ...(request.output_schema && { [schema]: JSON.stringify(request.output_schema) }),
    ...(request.mcp && { [servers]: JSON.stringify({ mcpServers: entries(request.mcp) }) }),
  },
})

const entries = (mcp: ReadonlyArray<Agent.McpServer>) =>
  Object.fromEntries(
    // Without trust it asks a person before each call, and there is none.
    mcp.map(({ args, command, env, name }) => [name, { command, args, env, trust: true }]),
  )
