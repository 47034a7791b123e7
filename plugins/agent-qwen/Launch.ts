/** A request as the start of `qwen -o stream-json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
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
    ...flag("--resume", request.session?.id),
    ...config.args,
  ],
  env: { ...config.env, ...request.env },
  stdin: { text: request.prompt },
})
