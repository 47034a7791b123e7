/** A request as the start of `copilot --output-format json`. */
import { type Agent, Failure } from "hub/plugin"
import type { Config } from "./Config.ts"

export const supports: Agent.Supports = {
  resume: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
}

const modes: Readonly<Partial<Record<Agent.Permission, ReadonlyArray<string>>>> = {
  restricted: [],
  auto: ["--allow-tool", "write"],
  bypass: ["--allow-all-tools"],
}

export const launch = (
  agent: string,
  config: Config,
  request: Agent.AgentRequest,
): Agent.Launch | Failure.Failure => {
  const refused = refusal(agent, request)
  if (refused !== undefined) return refused
  const model = request.model ?? config.model
  return {
    program: config.program,
    args: [
      "--output-format",
      "json",
      ...((request.permission && modes[request.permission]) ?? []),
      ...(model === undefined ? [] : ["--model", model]),
      ...(request.session === undefined ? [] : [`--resume=${request.session.id}`]),
      ...config.args,
    ],
    env: { COPILOT_AUTO_UPDATE: "false", ...config.env, ...request.env },
    stdin: { text: request.prompt },
  }
}

const refusal = (
  agent: string,
  { model, output_schema, session, system }: Agent.AgentRequest,
): Failure.Failure | undefined => {
  const no = (what: string) => Failure.of("adapter_mismatch", `"${agent}" ${what}.`)
  if (session?.fork === true) return no("cannot branch off a session: Copilot CLI can only go on with one")
  if (system !== undefined) return no("takes no system prompt besides its own: say it in the prompt")
  if (output_schema !== undefined) return no("takes no output schema")
  return model?.startsWith("-") === true ? no(`would read ${JSON.stringify(model)} as a flag`) : undefined
}
