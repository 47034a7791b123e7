/** A request as the start of `codex exec --json`. */
import { Adapter, type Agent } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag, mode } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  output_schema: true,
  system_prompt: true,
}

const modes: Adapter.Modes = {
  restricted: ["-s", "read-only"],
  auto: ["-s", "workspace-write"],
  bypass: ["--dangerously-bypass-approvals-and-sandbox"],
}

const schema = "output-schema.json"

// Options stand before `resume` and `fork`: behind them Codex refuses `-s`.
export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program: config.program,
  args: [
    "exec",
    "--json",
    "--skip-git-repo-check",
    ...mode(modes, request.permission),
    ...flag("-m", request.model ?? config.model),
    ...flag("-p", config.profile),
    ...settings(config.settings),
    ...settings(request.system === undefined ? {} : { developer_instructions: request.system }),
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
})

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
