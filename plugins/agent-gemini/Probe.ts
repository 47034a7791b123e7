/** What can be learned of an installed Gemini CLI without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "0.61.0"

const flags = {
  help: ["--help"],
  used: ["--skip-trust", "-o", "--approval-mode", "-m", "--resume"],
}

const login = ({ env, home }: Probing.Place): Probing.Login => ({
  env: [
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_APPLICATION_CREDENTIALS",
  ],
  files: ["oauth_creds.json", ".env"].map((name) => `${env("GEMINI_CLI_HOME") ?? home}/.gemini/${name}`),
  // Newer ones may keep it in a keychain.
  complete: false,
  advice: "Start `gemini` once and log in, or set GEMINI_API_KEY.",
})

export const probe = ({ env, program }: Config) =>
  // It takes 1.3 s to tell its version.
  Probing.probe({ program, env, seen, version: "packaged", flags, login })
