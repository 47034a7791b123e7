/** The hub as an MCP server of the agents that it starts, so that they can hand on work. */
import { Context } from "effect"
import type { McpServer } from "../plugin/Agent.ts"

/** The program that this hub is, with its first arguments. Empty: not known, so nobody gets the tools. */
export const Self = Context.Reference<ReadonlyArray<string>>("hub/dispatch/Self", { defaultValue: () => [] })

/** What is dispatched through it is a part of the run, and may do no more than the run. */
export const server = (
  self: ReadonlyArray<string>,
  home: string,
  run_id: string,
): ReadonlyArray<McpServer> => {
  const [command, ...args] = self
  if (command === undefined) return []
  // Some agents start their servers with hardly any environment.
  const env = { HUB_HOME: home, HUB_RUN: run_id }
  return [{ name: "hub", command, args: [...args, "serve", "--stdio"], env }]
}
