/** A request as the start of `codex exec --json`. */
import type { Agent } from "hub/plugin"
import { Failure } from "hub/plugin"
import type { Config } from "./Config.ts"

export const supports: Agent.Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  output_schema: true,
  system_prompt: true,
}

const modes: Readonly<Partial<Record<Agent.Permission, ReadonlyArray<string>>>> = {
  restricted: ["-s", "read-only"],
  auto: ["-s", "workspace-write"],
  bypass: ["--dangerously-bypass-approvals-and-sandbox"],
}

const schema = "output-schema.json"
/** Linux takes 128 KB for one argument, its end included. */
const longest = 120 * 1024

// Options stand before `resume` and `fork`: behind them Codex refuses `-s`.
export const launch = (
  agent: string,
  config: Config,
  request: Agent.AgentRequest,
): Agent.Launch | Failure.Failure => {
  const odd = [request.model, request.session?.id].find((value) => value?.startsWith("-") === true)
  if (odd !== undefined)
    return Failure.of("adapter_mismatch", `"${agent}" would read ${JSON.stringify(odd)} as a flag.`)
  const system = settings(request.system === undefined ? {} : { developer_instructions: request.system })
  if (system.some((argument) => new TextEncoder().encode(argument).byteLength > longest))
    return Failure.of(
      "adapter_mismatch",
      `"${agent}" takes its system prompt as an argument, of 120 KB at most.`,
    )
  return {
    program: config.program,
    args: [
      "exec",
      "--json",
      "--skip-git-repo-check",
      ...((request.permission && modes[request.permission]) ?? []),
      ...flag("-m", request.model ?? config.model),
      ...flag("-p", config.profile),
      ...settings(config.settings),
      ...system,
      ...settings(servers(request.mcp)),
      ...(request.output_schema === undefined ? [] : ["--output-schema", `${request.dir}/${schema}`]),
      ...config.args,
      ...session(request),
      "-",
    ],
    env: { ...config.env, ...request.env },
    stdin: { text: request.prompt },
    ...(request.output_schema === undefined
      ? {}
      : { files: { [schema]: JSON.stringify(request.output_schema) } }),
  }
}

const flag = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, value]

const session = ({ session }: Agent.AgentRequest): ReadonlyArray<string> =>
  session === undefined ? [] : [session.fork === true ? "fork" : "resume", session.id]

const servers = (mcp: Agent.AgentRequest["mcp"] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    mcp.map(({ name, ...server }) => [
      `mcp_servers.${name}`,
      // It waits for what is required, and asks nobody in `exec`.
      { ...server, required: true, default_tools_approval_mode: "approve" },
    ]),
  )

/** `-c key=value`: the value is TOML, and JSON texts, numbers, booleans and lists of them are. */
const settings = (given: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Object.entries(given).flatMap(([key, value]) => ["-c", `${key}=${toml(value)}`])

const toml = (value: unknown): string =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? `{${Object.entries(value)
        .map(([key, inner]) => `${JSON.stringify(key)} = ${toml(inner)}`)
        .join(", ")}}`
    : Array.isArray(value)
      ? `[${value.map(toml).join(", ")}]`
      : JSON.stringify(value)
