/** How long `hub serve --stdio --standalone` takes to its first answers. */
import { binary } from "../bin/binary.ts"
import { environment, Server } from "../tests/support/hub.ts"
import { agent, plugins } from "./support/Agents.ts"
import type { Bench } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, more, summary } from "./support/Samples.ts"

const limit = 80

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
}

/** Milliseconds from the spawn to the answer. The server is given time to leave by itself before the next one starts. */
const firstAnswer = async (
  argv: Array<string>,
  env: Record<string, string>,
  cwd: string,
): Promise<number> => {
  const start = performance.now()
  const child = Bun.spawn(argv, { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "ignore" })
  try {
    void child.stdin.write(`${JSON.stringify(initialize)}\n`)
    void child.stdin.flush()
    const reader = child.stdout.getReader()
    for (let text = ""; !text.includes("\n");) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`${argv.join(" ")} ended with ${await child.exited} and no answer`)
      text += new TextDecoder().decode(value)
    }
    return performance.now() - start
  } finally {
    void child.stdin.end()
    await child.exited
  }
}

/** The first answer that needs the hub itself: storage, plugins and all. */
const firstUse = async (bench: Bench, home: ReturnType<Bench["home"]>): Promise<number> => {
  const start = performance.now()
  const server = new Server(home)
  bench.defer(() => server.kill("SIGKILL"))
  await server.initialize()
  await server.tool("list_agents", {})
  const taken = performance.now() - start
  await server.close()
  return taken
}

export const figure: Figure = {
  name: "start",
  summary: "hub serve --stdio --standalone to its first answer, beside a compiled server with one tool",
  run: async (bench) => {
    const home = bench.home(plugins(agent("quick", ["true"])))
    const oneTool = await compile(bench, "one-tool")
    const env = environment(home)
    const taken = await interleave(bench.pick(30, 10), {
      ours: () => firstAnswer([binary, "serve", "--stdio", "--standalone"], env, home.path),
      peer: () => firstAnswer([oneTool], env, home.path),
      use: () => firstUse(bench, home),
    })
    const [ours, peer, use] = [summary(taken.ours), summary(taken.peer), summary(taken.use)]
    const beside = `one-tool server ${both(peer)}`
    return [
      {
        what: "`serve --stdio --standalone`: spawn → `initialize` answered",
        ours: both(ours),
        beside,
        compared: more(ours.p50 - peer.p50),
        target: `p50 ≤ ${limit} ms`,
        met: ours.p50 <= limit,
        numbers: { ours, peer },
      },
      {
        what: "… spawn → first tool call answered (storage and plugins are up)",
        ours: both(use),
        beside,
        compared: more(use.p50 - peer.p50),
        numbers: { ours: use, peer },
      },
    ]
  },
}
