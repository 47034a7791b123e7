/** Small programs as agents, as a user's `plugins.toml` describes them. */

/** `sh -c SCRIPT` unless it is given as a program with arguments. */
export const agent = (
  name: string,
  command: string | readonly [program: string, ...args: ReadonlyArray<string>],
): string => {
  const [program, ...args] = typeof command === "string" ? ["sh", "-c", command] : command
  return `[plugin.${name}]
use = "agent-command"

[plugin.${name}.config]
program = ${JSON.stringify(program)}
args = ${JSON.stringify(args)}
prompt = "stdin"

`
}

export const plugins = (...agents: ReadonlyArray<string>): Record<string, string> => ({
  "hub/plugins.toml": agents.join(""),
})
