/** What can be learned of an installed droid without a request to its vendor. */
import { Probing } from "hub/plugin"
import type { Config } from "./Config.ts"

/** The version that the fixtures were recorded with. */
export const seen = "0.225.2"

const flags = {
  help: ["exec", "--help"],
  used: [
    "-o",
    "--auto",
    "--skip-permissions-unsafe",
    "-m",
    "--append-system-prompt-file",
    "--only-tools",
    "--fork",
    "-s",
  ],
}

const login = ({ home }: Probing.Place): Probing.Login => ({
  env: ["FACTORY_API_KEY"],
  files: [`${home}/.factory/auth.json`],
  complete: false,
  advice: "Start `droid` once and log in, or set FACTORY_API_KEY.",
})

export const probe = ({ env, program }: Config) =>
  // It tells its version in 28 ms.
  Probing.probe({ program, env, seen, version: "asked", flags, login })
