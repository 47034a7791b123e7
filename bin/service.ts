/** `hub service` on this machine, for this user. */
import { homedir } from "node:os"
import { Effect } from "effect"
import { type ServiceOptions, serviceCommands } from "../core/edge/extras/Service.ts"
import * as RealPath from "../core/host/RealPath.ts"
import * as Live from "../core/live/Processes.ts"
import { Processes } from "../core/services/Processes.ts"

const run: ServiceOptions["run"] = ([program = "", ...args], env) =>
  Processes.use((processes) => processes.run({ program, args, cwd: "/", env })).pipe(
    Effect.match({
      onSuccess: ({ code, stderr, stdout }) => ({ code, text: stderr + stdout }),
      onFailure: ({ message }) => ({ code: null, text: message }),
    }),
    Effect.provide(Live.layer),
  )

export const service = (self: ReadonlyArray<string>) =>
  serviceCommands({ self, platform: process.platform, user: user(process.env), run })

// Asking the system fails for a user it has no entry for, as in many containers.
const user = (env: Readonly<Record<string, string | undefined>>): ServiceOptions["user"] => {
  const uid = process.getuid?.()
  return { uid, name: env["USER"] ?? env["USERNAME"] ?? String(uid), home: homedir() }
}

/** A name on PATH that leads to this program outlives an update; the folder that it leads to may carry a version. */
export const lasting = ([program = "", ...args]: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = args.length === 0 ? Bun.which("hub") : null
  return [
    found?.startsWith("/") === true && RealPath.of(found) === RealPath.of(program) ? found : program,
    ...args,
  ]
}
