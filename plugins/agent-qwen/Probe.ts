/** What can be learned of an installed Qwen Code without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "0.24.4"

const flags = {
  help: ["--help"],
  used: [
    "--auth-type",
    "-o",
    "--approval-mode",
    "-m",
    "--append-system-prompt",
    "--json-schema",
    "--resume",
    "--fork-session",
    "--mcp-config",
  ],
}

const login = ({ home }: Probing.Place): Probing.Login => ({
  env: ["OPENAI_API_KEY", "DASHSCOPE_API_KEY", "GEMINI_API_KEY"],
  files: [`${home}/.qwen/oauth_creds.json`],
  // Its settings.json may hold a key.
  complete: false,
  advice: "Start `qwen` once and log in, or set OPENAI_API_KEY.",
})

export const probe = ({ env, program }: Config) =>
  // It takes 2 s to tell its version.
  Probing.probe({ program, env, seen, version: "packaged", flags, login })
