/** What can be learned of an installed Codex without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "0.169.0"

const flags = {
  help: ["exec", "--help"],
  used: [
    "--json",
    "--skip-git-repo-check",
    "-s",
    "--dangerously-bypass-approvals-and-sandbox",
    "-m",
    "-p",
    "-c",
    "--output-schema",
    "resume",
    "fork",
  ],
}

const login = ({ env, home }: Probing.Place): Probing.Login => ({
  env: ["CODEX_API_KEY", "OPENAI_API_KEY"],
  files: [`${env("CODEX_HOME") ?? `${home}/.codex`}/auth.json`],
  // A provider of one's own in config.toml has a key of its own, and the login may be in a keychain.
  complete: false,
  advice: "Run `codex login`.",
})

export const probe = ({ env, program }: Config) =>
  // It tells its version in 37 ms.
  Probing.probe({ program, env, seen, version: "asked", flags, login })
