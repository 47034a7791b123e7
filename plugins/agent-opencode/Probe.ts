/** What can be learned of an installed opencode without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "1.18.33"

const flags = {
  help: ["run", "--help"],
  used: [
    "--format",
    "--title",
    "--dir",
    "--print-logs",
    "--log-level",
    "--auto",
    "-m",
    "-s",
    "--fork",
    "--attach",
  ],
}

const login = ({ env, home }: Probing.Place): Probing.Login => ({
  env: ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"],
  files: [`${env("XDG_DATA_HOME") ?? `${home}/.local/share`}/opencode/auth.json`],
  // A provider in its config has a key of its own, and some models need none.
  complete: false,
  advice: "Run `opencode auth login`.",
})

export const probe = ({ env, program }: Config) =>
  // It takes 0.6 s to tell its version.
  Probing.probe({ program, env, seen, version: "packaged", flags, login })
