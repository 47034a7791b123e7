/** The smallest MCP server, compiled and running: what a call costs when nothing is done in it. */
import type { Bench } from "./Bench.ts"
import { connected } from "./Client.ts"
import { compile } from "./Program.ts"
import { timed } from "./Samples.ts"

/** Gives the milliseconds of one call of its one tool. */
export const peer = async (bench: Bench): Promise<() => Promise<number>> => {
  const client = await connected(bench, [await compile(bench, "one-tool")])
  return () => timed(() => client.echo())
}
