/** What can be learned of an installed Copilot CLI without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "1.0.102"

const flags = {
  help: ["--help"],
  used: [
    "--output-format",
    "--allow-tool",
    "--deny-tool",
    "--allow-all-tools",
    "--model",
    "--resume",
    "--additional-mcp-config",
  ],
}

const login = (): Probing.Login => ({
  env: ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY"],
  files: [],
  // Its own login is in a keychain, or in a config file that is there without one too.
  complete: false,
  advice: "Start `copilot` once and say /login, or set GH_TOKEN.",
})

export const probe = ({ env, program }: Config) =>
  // It tells its version in 115 ms.
  Probing.probe({ program, env, seen, version: "asked", flags, login })
