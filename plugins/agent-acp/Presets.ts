/** Programs that speak the protocol: how each is started, and in which mode it asks instead of doing. */
import type { Agent } from "hub/plugin"

type Modes = Readonly<Partial<Record<Agent.Permission, string>>>

export interface Preset {
  readonly summary: string
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** Version that was seen to speak. */
  readonly seen: string
  /** Permissions that were seen to hold, for it was seen to ask. */
  readonly permission: ReadonlyArray<Agent.Permission>
  /** `false`: it offers to go on with a session, and was seen to fail at it. */
  readonly resume?: false | undefined
  /** Its own mode for each permission. None: it has no such thing, or asks in any. */
  readonly modes?: Modes | undefined
  /** Arguments for a model, where the protocol's own way does not take every one. */
  readonly model?: ((model: string) => ReadonlyArray<string>) | undefined
  readonly env?: ((given: Environment) => Environment) | undefined
  /** A file that it reads, by the name of the variable that says where. */
  readonly file?: { readonly variable: string; readonly name: string; readonly text: string } | undefined
  /** Variable that says where it writes its log. Of one that keeps its stderr to itself. */
  readonly log?: string | undefined
  /** What its message is when it could not be answered: it ends its turn as if nothing were, but tells no usage. */
  readonly failed?: RegExp | undefined
  /** `tools`: how it calls those of the hub's own server; `*` stands for any of them. `env`: where it is handed them. */
  readonly hub?: { readonly tools: string; readonly env?: Environment } | undefined
}

export type Environment = Readonly<Record<string, string>>

/** In one mode whatever the permission: the hub decides. */
const always = (mode: string): Modes => ({ restricted: mode, ask: mode, auto: mode, bypass: mode })

const every: ReadonlyArray<Agent.Permission> = ["restricted", "ask", "auto", "bypass"]
/** Of one that was not seen to ask. */
const unproven: ReadonlyArray<Agent.Permission> = ["ask", "auto", "bypass"]

const flag = (model: string) => ["-m", model]

/** By itself opencode asks for nothing. Its own config, for this run alone, says that it is to: also for what only looks, for a rule may deny it. */
const opencodeAsks: Preset["env"] = (given) => {
  const name = "OPENCODE_CONFIG_CONTENT"
  const own = { todowrite: "allow", skill: "allow", task: "allow" }
  // Those would wait for a person at its own screen.
  const never = { question: "deny", plan_enter: "deny", plan_exit: "deny" }
  return { [name]: JSON.stringify({ ...parsed(given[name]), permission: { "*": "ask", ...own, ...never } }) }
}

const parsed = (text = "{}"): object => {
  try {
    return JSON.parse(text) as object
  } catch {
    return {}
  }
}

export const presets = {
  gemini: {
    summary: "Gemini CLI",
    program: "gemini",
    args: ["--acp", "--skip-trust"],
    seen: "0.61.0",
    permission: every,
    // It overwrites the record of a session that it is to load before it reads it: "No previous sessions found for this project."
    resume: false,
    modes: always("default"),
    model: flag,
    hub: { tools: "* (hub MCP Server)" },
    // What it has to say on stderr it says when it ends.
    log: "GEMINI_DEBUG_LOG_FILE",
    // Without a second process of its own a signal reaches the one that works.
    env: () => ({ GEMINI_CLI_NO_RELAUNCH: "true" }),
    // By itself it repeats a refused request ten times, for four minutes. The user's own settings win; and it reads the file
    // only where it and every folder above belong to root, and nobody else may write there.
    file: {
      variable: "GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
      name: "gemini-defaults.json",
      text: JSON.stringify({ general: { maxAttempts: 2, retryFetchErrors: false } }),
    },
  },
  opencode: {
    summary: "opencode",
    program: "opencode",
    // It is silent while it repeats a refused request, for a minute and a half; its log is not.
    args: ["acp", "--print-logs", "--log-level", "ERROR"],
    seen: "1.18.33",
    permission: every,
    hub: { tools: "hub_*" },
    env: opencodeAsks,
  },
  claude: {
    summary: "Claude Code, by its bridge `claude-agent-acp`",
    program: "claude-agent-acp",
    args: [],
    seen: "0.49.0",
    permission: every,
    modes: always("default"),
    // Else the tools of servers are behind a search, and a model has to guess that they are there.
    hub: { tools: "mcp__hub__*", env: { ENABLE_TOOL_SEARCH: "false" } },
    // By itself it repeats a refused request ten times, for three minutes, and says nothing.
    env: (given) => ({ CLAUDE_CODE_MAX_RETRIES: given["CLAUDE_CODE_MAX_RETRIES"] ?? "1" }),
  },
  codex: {
    summary: "Codex, by its bridge `codex-acp`",
    program: "codex-acp",
    args: [],
    seen: "0.16.0",
    permission: every,
    // In its mode `auto` it writes in the folder without asking, and no rule would be heard.
    modes: { ...always("read-only"), bypass: "full-access" },
    hub: { tools: "Tool: hub/*" },
  },
  copilot: {
    summary: "GitHub Copilot CLI",
    program: "copilot",
    args: ["--acp"],
    seen: "1.0.102",
    permission: every,
    modes: always("https://agentclientprotocol.com/protocol/session-modes#agent"),
    failed: /(?:^|\.\.\.)Error: ([^]*)$/,
  },
  qwen: {
    summary: "Qwen Code",
    program: "qwen",
    args: ["--acp"],
    seen: "0.24.4",
    permission: every,
    model: flag,
    modes: always("default"),
  },
  grok: {
    summary: "Grok",
    program: "grok",
    args: ["agent", "stdio"],
    seen: "1.0.41",
    permission: every,
  },
  droid: {
    summary: "Factory Droid",
    program: "droid",
    args: ["exec", "-o", "acp"],
    model: flag,
    seen: "0.225.2",
    permission: unproven,
    modes: always("normal"),
  },
  kimi: {
    summary: "Kimi Code",
    program: "kimi",
    args: ["acp"],
    seen: "2.1.0",
    permission: unproven,
    modes: always("default"),
  },
  auggie: {
    summary: "Auggie",
    program: "auggie",
    args: ["--acp"],
    seen: "0.36.0",
    permission: unproven,
  },
} satisfies Readonly<Record<string, Preset>>

/** Any other program: nobody knows whether it asks before it writes. */
export const unknown: Preset = {
  summary: "An agent that speaks the Agent Client Protocol",
  program: "",
  args: [],
  seen: "none",
  permission: unproven,
}
