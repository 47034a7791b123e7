/** The manager of a platform. */
import { isAbsolute } from "node:path"
import { OperationFailed } from "../../../plugin/Operation.ts"
import type { Context } from "../../cli/Command.ts"
import * as Launchd from "./Launchd.ts"
import type { Manager, User, Wanted } from "./Manager.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Systemd from "./Systemd.ts"

/** Throws an `OperationFailed` for a platform without one, and for what a manager's file cannot say. */
export const choose = (
  platform: NodeJS.Platform,
  wanted: Wanted,
  user: User,
  env: Context["env"],
): Manager => {
  const given = { ...wanted, path: absolute(wanted.path, platform === "win32" ? ";" : ":") }
  switch (platform) {
    case "linux":
      return Systemd.manager(given, user, folder(env["XDG_CONFIG_HOME"]))
    case "darwin":
      return Launchd.manager(given, user)
    case "win32":
      return Scheduler.manager(given, user, env["LOCALAPPDATA"])
    default:
      throw new OperationFailed({
        code: "unavailable",
        message: `on ${platform} the hub knows no way to be kept running: have \`hub serve\` started by what this system has`,
      })
  }
}

/** What is relative means another folder there than here. */
const absolute = (path: string, separator: string): string =>
  path
    .split(separator)
    .filter((entry) => isAbsolute(entry))
    .join(separator)

const folder = (given: string | undefined): string | undefined =>
  given !== undefined && isAbsolute(given) ? given : undefined
