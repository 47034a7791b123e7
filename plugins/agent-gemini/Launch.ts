/** A request as the start of `gemini -o stream-json`. */
import { type Agent, Failure } from "hub/plugin"
import type { Config } from "./Config.ts"

export const supports: Agent.Supports = {
  resume: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
}

const modes: Readonly<Partial<Record<Agent.Permission, string>>> = {
  restricted: "plan",
  auto: "auto_edit",
  bypass: "yolo",
}

export const launch = (
  agent: string,
  config: Config,
  request: Agent.AgentRequest,
): Agent.Launch | Failure.Failure => {
  const refused = refusal(agent, request)
  if (refused !== undefined) return refused
  return {
    program: config.program,
    args: [
      "--skip-trust",
      "-o",
      "stream-json",
      ...flag("--approval-mode", request.permission && modes[request.permission]),
      ...flag("-m", request.model ?? config.model),
      ...flag("--resume", request.session?.id),
      ...config.args,
    ],
    // Without a second process of its own a signal reaches the one that works, 0.4 s sooner.
    env: { GEMINI_CLI_NO_RELAUNCH: "true", ...config.env, ...request.env },
    stdin: { text: request.prompt },
  }
}

const flag = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, value]

const refusal = (
  agent: string,
  { model, output_schema, session, system }: Agent.AgentRequest,
): Failure.Failure | undefined => {
  const no = (what: string) => Failure.of("adapter_mismatch", `"${agent}" ${what}.`)
  if (session?.fork === true) return no("cannot branch off a session: Gemini CLI can only go on with one")
  if (system !== undefined) return no("takes no system prompt besides its own: say it in the prompt")
  if (output_schema !== undefined) return no("takes no output schema")
  const odd = [model, session?.id].find((value) => value?.startsWith("-") === true)
  return odd === undefined ? undefined : no(`would read ${JSON.stringify(odd)} as a flag`)
}
