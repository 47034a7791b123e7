/** A request as the start of `droid exec -o stream-json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  system_prompt: true,
}

const modes: Adapter.Modes = {
  // Its read-only mode is no boundary: it ran a writing command that the model had called harmless. A tool that is not of these it
  // refuses even when the model calls it. Seen with 0.225.2.
  restricted: ["--only-tools", "Read,LS,Grep,Glob,WebSearch,FetchUrl"],
  auto: ["--auto", "medium"],
  bypass: ["--skip-permissions-unsafe"],
}

// It says nothing while it asks again, for a minute and a half; its log does, every 20 seconds. What grows too large it would rename.
const log = { FACTORY_LOG_FILE: "/dev/fd/2", FACTORY_LOG_MAX_BYTES: "1000000000000" }

const system = "system.md"

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    "exec",
    "-o",
    "stream-json",
    ...mode(modes, request.permission),
    ...flag("-m", request.model ?? config.model),
    ...flag(
      "--append-system-prompt-file",
      request.system === undefined ? undefined : `${request.dir}/${system}`,
    ),
    ...flag(request.session?.fork === true ? "--fork" : "-s", request.session?.id),
    ...config.args,
  ],
  env: { ...log, ...config.env, ...request.env },
  stdin: { text: request.prompt },
  ...(request.system === undefined ? {} : { files: { [system]: request.system } }),
})
