/** How long `hub serve --stdio --standalone` takes to its first answers. */
import { binary } from "../bin/binary.ts"
import { environment, Server } from "../tests/support/hub.ts"
import { agent, plugins } from "./support/Agents.ts"
import type { Bench } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { firstAnswer } from "./support/FirstAnswer.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, more, summary } from "./support/Samples.ts"

const limit = 80

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
