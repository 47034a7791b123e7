/** A request as the start of `opencode run --format json`. */
import { Adapter, type Agent, Reading } from "hub/plugin"
import type { Config } from "./Config.ts"

const { flag } = Adapter

export const supports: Agent.Supports = {
  resume: true,
  resume_in_folder: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
}

// It has no flag for looking only. Its own config, for this run alone, says what may be done.
const restricted = { edit: "deny", bash: "deny", webfetch: "deny" }

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch => {
  const given = { ...config.env, ...request.env }
  return {
    program: config.program,
    args: [
      "run",
      "--format",
      "json",
      // Without a title it asks a small model for one.
      "--title",
      `hub ${request.run_id}`,
      // A session of another folder hangs silently, and for ever.
      "--dir",
      request.cwd,
      // It is silent while it repeats a refused request, for a minute and a half; its log is not.
      "--print-logs",
      "--log-level",
      "ERROR",
      ...(request.permission === "bypass" ? ["--auto"] : []),
      ...flag("-m", request.model ?? config.model),
      ...flag("-s", request.session?.id),
      ...(request.session?.fork === true ? ["--fork"] : []),
      ...flag("--attach", config.attach),
      ...config.args,
    ],
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      ...given,
      ...content(request, given[inline]),
    },
    // As an argument it would be quoted anew.
    stdin: { text: request.prompt },
  }
}

const inline = "OPENCODE_CONFIG_CONTENT"

/** What this run adds to opencode's config, on top of what the environment of the plugin or the step says. */
const content = (
  { mcp, permission }: Agent.AgentRequest,
  given: string | undefined,
): Readonly<Record<string, string>> => {
  if (permission !== "restricted" && mcp === undefined) return {}
  const before = Reading.objectIn(given ?? "") ?? {}
  const wanted = {
    ...before,
    ...(permission === "restricted"
      ? { permission: { ...Reading.asObject(before["permission"]), ...restricted } }
      : {}),
    ...(mcp === undefined ? {} : { mcp: { ...Reading.asObject(before["mcp"]), ...servers(mcp) } }),
  }
  return { [inline]: JSON.stringify(wanted) }
}

const servers = (mcp: ReadonlyArray<Agent.McpServer>) =>
  Object.fromEntries(
    mcp.map(({ args, command, env, name }) => [
      name,
      { type: "local", command: [command, ...args], environment: env, enabled: true },
    ]),
  )
