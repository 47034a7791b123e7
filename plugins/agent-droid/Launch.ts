/** A request as the start of `droid exec -o stream-json`. */
import { type Agent, Failure } from "hub/plugin"
import type { Config } from "./Config.ts"

export const supports: Agent.Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  system_prompt: true,
}

// Its read-only mode is no boundary: it ran a writing command that the model had called harmless. Seen with 0.225.2.
const modes: Readonly<Partial<Record<Agent.Permission, ReadonlyArray<string>>>> = {
  restricted: [],
  auto: ["--auto", "medium"],
  bypass: ["--skip-permissions-unsafe"],
}

/** Linux takes 128 KB for one argument, its end included. */
const longest = 120 * 1024

export const launch = (
  agent: string,
  config: Config,
  request: Agent.AgentRequest,
): Agent.Launch | Failure.Failure => {
  const refused = refusal(agent, request)
  if (refused !== undefined) return refused
  const { session } = request
  return {
    program: config.program,
    args: [
      "exec",
      "-o",
      "stream-json",
      ...((request.permission && modes[request.permission]) ?? []),
      ...flag("-m", request.model ?? config.model),
      ...flag("--append-system-prompt", request.system),
      ...flag(session?.fork === true ? "--fork" : "-s", session?.id),
      ...config.args,
    ],
    env: { ...config.env, ...request.env },
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
  if (output_schema !== undefined) return no("takes no output schema")
  if (system !== undefined && new TextEncoder().encode(system).byteLength > longest)
    return no("takes its system prompt as an argument, of 120 KB at most")
  const odd = [model, session?.id].find((value) => value?.startsWith("-") === true)
  return odd === undefined ? undefined : no(`would read ${JSON.stringify(odd)} as a flag`)
}
