/** A request as the start of `gemini -o stream-json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  resume_in_folder: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
}

const modes: Adapter.Modes = {
  restricted: ["--approval-mode", "plan"],
  auto: ["--approval-mode", "auto_edit"],
  bypass: ["--approval-mode", "yolo"],
}

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    "--skip-trust",
    "-o",
    "stream-json",
    ...mode(modes, request.permission),
    ...flag("-m", request.model ?? config.model),
    ...flag("--resume", request.session?.id),
    ...config.args,
  ],
  // Without a second process of its own a signal reaches the one that works, 0.4 s sooner.
  env: { GEMINI_CLI_NO_RELAUNCH: "true", ...config.env, ...request.env },
  stdin: { text: request.prompt },
})
