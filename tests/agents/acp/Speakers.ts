/** Programs of npm that speak the Agent Client Protocol: the agents themselves, and bridges to those that do not. */
import { toml } from "../../../core/docs/Markdown.ts"
import type { Place } from "../../../core/testing/model/Clis.ts"
import { type Cli, install, programOf } from "../Clis.ts"

export interface Speaker {
  readonly program: string
  readonly config: (place: Place) => Readonly<Record<string, unknown>>
  /** The scenario in which its model runs a command that is to be asked for. */
  readonly shell: string
}

/** Version 0.100.0 wants a newer Node than the oldest that the hub is built with. */
const claudeBridge: Cli = {
  name: "claude-agent-acp",
  package: "@agentclientprotocol/claude-agent-acp",
  version: "0.49.0",
  config: () => ({}),
  files: {},
}

const codexBridge: Cli = {
  name: "codex-acp",
  package: "@zed-industries/codex-acp",
  version: "0.16.0",
  config: () => ({}),
  files: {},
}

type Config = Readonly<Record<string, unknown>>

const envOf = (config: Config): Readonly<Record<string, string>> =>
  (config["env"] ?? {}) as Readonly<Record<string, string>>

/** How the program is configured, by what the agent's own adapter is configured with. */
interface Way {
  /** Another program than the agent. */
  readonly bridge?: Cli
  readonly shell?: string
  readonly config: (agent: Config, cli: Cli) => Config
}

const itself: Way = { config: (agent) => agent }

const ways: Readonly<Record<string, Way>> = {
  gemini: itself,
  opencode: itself,
  copilot: itself,
  droid: itself,
  grok: itself,
  qwen: { config: ({ auth_type, ...agent }) => ({ ...agent, args: ["--auth-type", auth_type] }) },
  claude: {
    bridge: claudeBridge,
    config: (agent, cli) => ({ env: { ...envOf(agent), CLAUDE_CODE_EXECUTABLE: programOf(cli) } }),
  },
  codex: {
    bridge: codexBridge,
    // What its sandbox holds it does not ask for: only for what its model wants outside of it.
    shell: `mcp@tool=exec_command$@args=${JSON.stringify({
      cmd: "echo mock-tool-ran > proof.txt && cat proof.txt",
      sandbox_permissions: "require_escalated",
      justification: "to write",
    })}`,
    config: ({ settings, ...agent }) => ({
      env: envOf(agent),
      args: Object.entries({ model: agent["model"], ...(settings as Config) }).flatMap(([key, value]) => [
        "-c",
        `${key}=${toml(value)}`,
      ]),
    }),
  },
}

export const speakers: ReadonlyArray<string> = Object.keys(ways)

/** The program that speaks for an agent, installed; else what stands in the way. */
export const speakerOf = async (cli: Cli): Promise<Speaker | string> => {
  const way = ways[cli.name] ?? itself
  const spoken = way.bridge ?? cli
  const missing = await install(spoken)
  const program = programOf(spoken)
  if (program === undefined) return missing ?? `${spoken.package} has no program ${spoken.name}`
  const { shell = "shell" } = way
  return { program, shell, config: (place) => way.config(cli.config(place), cli) }
}
