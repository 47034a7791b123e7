/** `hub serve --stdio`: a shim between an MCP client and the hub of its home. Loads nothing of the hub itself. */
import { writeSync } from "node:fs"
import { homedir } from "node:os"
import { isAbsolute, join, normalize, resolve } from "node:path"
import { parseArgs } from "node:util"
import { runShim } from "../core/edge/shim/Shim.ts"

export interface Start {
  readonly version: string
  /** Program and first arguments that start this hub again. */
  readonly self: ReadonlyArray<string>
  /** After `serve`. */
  readonly flags: ReadonlyArray<string>
}

const wrong = 2
const unreachable = 4

/** Longest path of a socket on Linux; macOS has 104. */
const maxSocket = 103

export const stdio = async ({ flags, self, version }: Start): Promise<void> => {
  const code = await runShim({
    home: homeOf(),
    config: configOf(flags),
    version,
    self,
    env: process.env,
    cwd: process.cwd(),
    stdin: Bun.stdin.stream(),
    stdout: Bun.stdout.writer(),
    stderr: say,
  })
  process.exit(code)
}

const homeOf = (): string => {
  const home = process.env["HUB_HOME"] || join(homedir(), ".hub")
  if (!isAbsolute(home))
    return refuse(
      unreachable,
      `HUB_HOME is not an absolute path (${JSON.stringify(home)}). Set HUB_HOME to a path that starts with /.`,
    )
  if (Buffer.byteLength(join(home, "hub.sock")) > maxSocket)
    return refuse(
      unreachable,
      `HUB_HOME is too long for a socket (${JSON.stringify(home)}). Choose one of less than ${maxSocket - 9} letters, or add --standalone.`,
    )
  return normalize(home)
}

const configOf = (flags: ReadonlyArray<string>): string | undefined => {
  try {
    const { values } = parseArgs({
      args: [...flags],
      options: { stdio: { type: "boolean" }, verbose: { type: "boolean" }, config: { type: "string" } },
    })
    return values.config === undefined ? undefined : resolve(values.config)
  } catch (cause) {
    return refuse(
      wrong,
      `serve --stdio: ${(cause as Error).message}. Known: --config FILE, --standalone, --verbose.`,
    )
  }
}

const refuse = (code: number, message: string): never => {
  say(`hub: ${message}\n`)
  process.exit(code)
}

// Not process.stderr: a stream of Node for one line costs megabytes.
const say = (text: string): void => {
  try {
    writeSync(2, text)
  } catch {
    // Nobody reads it.
  }
}
