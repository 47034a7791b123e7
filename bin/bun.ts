/** Starts the Bun that runs this, on the project's own programs. */
import { join } from "node:path"

export const root: string = join(import.meta.dir, "..")

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Runs Bun in the foreground and gives its exit code. A signal to this process goes on to it, and its end is waited for. */
export const bun = async (...args: ReadonlyArray<string>): Promise<number> => {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit"],
  })
  const pass = (signal: NodeJS.Signals): void => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  const code = await child.exited
  for (const signal of signals) process.off(signal, pass)
  return code
}
