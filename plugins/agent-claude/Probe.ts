/** What can be learned of an installed Claude Code without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "2.1.329"

const flags = {
  help: ["--help"],
  used: [
    "-p",
    "--output-format",
    "--verbose",
    "--permission-mode",
    "--dangerously-skip-permissions",
    "--model",
    "--json-schema",
    "--resume",
    "--fork-session",
    "--allowedTools",
    "--append-system-prompt",
    "--system-prompt-snapshot",
    "--mcp-config",
  ],
}

const login = ({ env, home }: Probing.Place): Probing.Login => ({
  env: [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
  ],
  files: [`${env("CLAUDE_CONFIG_DIR") ?? `${home}/.claude`}/.credentials.json`],
  // On macOS it keeps its login in the keychain.
  complete: !home.startsWith("/Users/"),
  advice: "Start `claude` once and say /login, or set ANTHROPIC_API_KEY.",
})

export const probe = ({ env, program }: Config) =>
  // It tells its version in 12 ms.
  Probing.probe({ program, env, seen, version: "asked", flags, login })
