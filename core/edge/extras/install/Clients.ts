/** The MCP clients that `hub install` knows: where each keeps its servers, and what it wants to be told. */
import { join } from "node:path"
import { type Entry, type Hub, stdio, type Trust } from "./Entry.ts"

export interface Machine {
  readonly platform: NodeJS.Platform
  /** The user's home folder. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Client {
  readonly name: string
  readonly title: string
  /** It is there when one of these is on PATH, or one of `folders` exists. */
  readonly programs: ReadonlyArray<string>
  readonly folders: (machine: Machine) => ReadonlyArray<string>
  /** `json`: a comment in the file is an error for this client. */
  readonly format: "json" | "jsonc" | "toml"
  /** Where the servers stand in the file. */
  readonly at: ReadonlyArray<string>
  /** The first one that exists is used, else the last one is made. */
  readonly user: (machine: Machine) => ReadonlyArray<string>
  /** Below the project's folder, in the same way. Empty where the client reads none. */
  readonly project: ReadonlyArray<string>
  readonly entry: (hub: Hub) => Entry
  readonly trust?: Trust
  readonly notes?: { readonly user?: string; readonly project?: string }
}

const variable = ({ env }: Machine, name: string): string | undefined => env[name] || undefined

/** Settings of a program with windows. */
const settings = (machine: Machine): string => {
  if (machine.platform === "darwin") return join(machine.home, "Library", "Application Support")
  if (machine.platform === "win32")
    return variable(machine, "APPDATA") ?? join(machine.home, "AppData", "Roaming")
  return xdg(machine)
}

const xdg = (machine: Machine): string =>
  variable(machine, "XDG_CONFIG_HOME") ?? join(machine.home, ".config")

const claudeHome = (machine: Machine): string =>
  variable(machine, "CLAUDE_CONFIG_DIR") ?? join(machine.home, ".claude")

const codexHome = (machine: Machine): string =>
  variable(machine, "CODEX_HOME") ?? join(machine.home, ".codex")

const geminiHome = (machine: Machine): string =>
  join(variable(machine, "GEMINI_CLI_HOME") ?? machine.home, ".gemini")

const opencodeHome = (machine: Machine): string =>
  variable(machine, "OPENCODE_CONFIG_DIR") ?? join(xdg(machine), "opencode")

const zedHome = (machine: Machine): string =>
  machine.platform === "linux"
    ? join(xdg(machine), "zed")
    : machine.platform === "win32"
      ? join(settings(machine), "Zed")
      : join(machine.home, ".config", "zed")

const shared =
  "The file is shared with whoever has the project, and names the hub by its path on this machine."
const asks = "It asks before it takes up a server of a project for the first time."

/** Of the Gemini CLI and its descendants. Untrusted, its tools are not even offered where nobody can be asked. */
const geminiTrust: Trust = { key: "trust", value: true, usual: true }

/** In milliseconds: what it waits by itself as well, said so that no setting of the user's cuts a call short. */
const geminiEntry = (hub: Hub): Entry => ({ ...stdio(hub), timeout: 600_000 })

const claude: Client = {
  name: "claude",
  title: "Claude Code",
  programs: ["claude"],
  folders: (machine) => [claudeHome(machine)],
  format: "json",
  at: ["mcpServers"],
  user: (machine) => [
    join(claudeHome(machine), ".config.json"),
    join(variable(machine, "CLAUDE_CONFIG_DIR") ?? machine.home, ".claude.json"),
  ],
  project: [".mcp.json"],
  // Without it the tools are behind a search, and a model has to guess that they are there.
  entry: (hub) => ({ type: "stdio", ...stdio(hub), alwaysLoad: true }),
  notes: {
    user: "It asks before it calls a tool; `claude -p` wants --allowedTools mcp__hub.",
    project: `${asks} ${shared}`,
  },
}

const codex: Client = {
  name: "codex",
  title: "Codex CLI",
  programs: ["codex"],
  folders: (machine) => [codexHome(machine)],
  format: "toml",
  at: ["mcp_servers"],
  user: (machine) => [join(codexHome(machine), "config.toml")],
  project: [".codex/config.toml"],
  // Not required, it waits one second for a server and starts without it.
  entry: (hub) => ({ ...stdio(hub), required: true, startup_timeout_sec: 30, tool_timeout_sec: 300 }),
  // A tool of the hub starts agents outside of Codex' sandbox: it is the person who opens that way.
  trust: { key: "default_tools_approval_mode", value: "approve", usual: false },
  notes: {
    user: "Tools that change something need an approval: `codex exec`, which can ask nobody, refuses them without --trust.",
    project: `Codex reads it only in a project that it was told to trust. ${shared}`,
  },
}

const gemini: Client = {
  name: "gemini",
  title: "Gemini CLI",
  programs: ["gemini"],
  folders: (machine) => [geminiHome(machine)],
  format: "jsonc",
  at: ["mcpServers"],
  user: (machine) => [join(geminiHome(machine), "settings.json")],
  project: [".gemini/settings.json"],
  entry: geminiEntry,
  trust: geminiTrust,
  notes: {
    user: "Its tools run without a question; --no-trust has it ask. Gemini starts servers only in a folder that it was told to trust.",
    project: `Gemini reads it only in a folder that it was told to trust. ${shared}`,
  },
}

const opencode: Client = {
  name: "opencode",
  title: "opencode",
  programs: ["opencode"],
  folders: (machine) => [opencodeHome(machine)],
  format: "jsonc",
  at: ["mcp"],
  user: (machine) => {
    const own = variable(machine, "OPENCODE_CONFIG")
    const names = ["opencode.jsonc", "config.json", "opencode.json"]
    return own === undefined ? names.map((name) => join(opencodeHome(machine), name)) : [own]
  },
  project: ["opencode.jsonc", ".opencode/opencode.jsonc", ".opencode/opencode.json", "opencode.json"],
  // Milliseconds, for the start and for a call: what it waits for a call by itself.
  entry: ({ command, env }) => ({
    type: "local",
    command,
    environment: env,
    enabled: true,
    timeout: 60_000,
  }),
  notes: { project: shared },
}

const droid: Client = {
  name: "droid",
  title: "Factory Droid",
  programs: ["droid"],
  folders: ({ home }) => [join(home, ".factory")],
  format: "jsonc",
  at: ["mcpServers"],
  user: ({ home }) => [join(home, ".factory", "mcp.json")],
  project: [".factory/mcp.json"],
  entry: (hub) => ({ type: "stdio", ...stdio(hub), disabled: false }),
  notes: { project: shared },
}

const copilotHome = (machine: Machine): string =>
  variable(machine, "COPILOT_HOME") ?? join(machine.home, ".copilot")

const copilot: Client = {
  name: "copilot",
  title: "GitHub Copilot CLI",
  programs: ["copilot"],
  folders: (machine) => [copilotHome(machine)],
  format: "jsonc",
  at: ["mcpServers"],
  user: (machine) => [join(copilotHome(machine), "mcp-config.json")],
  project: [".github/mcp.json"],
  entry: (hub) => ({ type: "local", ...stdio(hub), tools: ["*"] }),
  notes: { project: `Copilot reads it only in a folder that it was told to trust. ${shared}` },
}

const qwenHome = (machine: Machine): string => variable(machine, "QWEN_HOME") ?? join(machine.home, ".qwen")

const qwen: Client = {
  name: "qwen",
  title: "Qwen Code",
  programs: ["qwen"],
  folders: (machine) => [qwenHome(machine)],
  format: "jsonc",
  at: ["mcpServers"],
  user: (machine) => [join(qwenHome(machine), "settings.json")],
  project: [".qwen/settings.json"],
  entry: geminiEntry,
  trust: geminiTrust,
  notes: {
    user: "Its tools run without a question; --no-trust has it ask.",
    project: `${asks} ${shared}`,
  },
}

const cursor: Client = {
  name: "cursor",
  title: "Cursor",
  programs: ["cursor", "cursor-agent"],
  folders: ({ home }) => [join(home, ".cursor")],
  format: "jsonc",
  at: ["mcpServers"],
  user: ({ home }) => [join(home, ".cursor", "mcp.json")],
  project: [".cursor/mcp.json"],
  entry: (hub) => ({ type: "stdio", ...stdio(hub) }),
  notes: { project: `${asks} ${shared}` },
}

const vscode: Client = {
  name: "vscode",
  title: "Visual Studio Code",
  programs: ["code"],
  folders: (machine) => [join(settings(machine), "Code")],
  format: "jsonc",
  at: ["servers"],
  user: (machine) => [join(settings(machine), "Code", "User", "mcp.json")],
  project: [".vscode/mcp.json"],
  entry: (hub) => ({ type: "stdio", ...stdio(hub) }),
  notes: { user: "It asks before it starts the server for the first time.", project: `${asks} ${shared}` },
}

const windsurf: Client = {
  name: "windsurf",
  title: "Windsurf",
  programs: ["windsurf"],
  folders: ({ home }) => [join(home, ".codeium", "windsurf")],
  format: "jsonc",
  at: ["mcpServers"],
  user: ({ home }) => [join(home, ".codeium", "windsurf", "mcp_config.json")],
  project: [],
  entry: stdio,
}

const zed: Client = {
  name: "zed",
  title: "Zed",
  programs: ["zed", "zeditor"],
  folders: (machine) => [zedHome(machine)],
  format: "jsonc",
  at: ["context_servers"],
  user: (machine) => [join(zedHome(machine), "settings.json")],
  project: [".zed/settings.json"],
  entry: (hub) => ({ source: "custom", ...stdio(hub) }),
  notes: { project: `${asks} ${shared}` },
}

const desktopHome = (machine: Machine): string => join(settings(machine), "Claude")

const claudeDesktop: Client = {
  name: "claude-desktop",
  title: "Claude Desktop",
  programs: [],
  folders: (machine) => [desktopHome(machine)],
  format: "json",
  at: ["mcpServers"],
  user: (machine) => [join(desktopHome(machine), "claude_desktop_config.json")],
  project: [],
  entry: stdio,
  notes: { user: "It reads the file when it starts: quit it and start it again." },
}

export const clients: ReadonlyArray<Client> = [
  claude,
  codex,
  gemini,
  opencode,
  droid,
  copilot,
  qwen,
  cursor,
  vscode,
  windsurf,
  zed,
  claudeDesktop,
]
