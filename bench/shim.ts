/** What the way through the shim and the daemon's socket costs: to the first answer, and for each call. */
import { binary } from "../bin/binary.ts"
import { environment } from "../tests/support/hub.ts"
import type { Bench, Home } from "./support/Bench.ts"
import { connected } from "./support/Client.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { firstAnswer } from "./support/FirstAnswer.ts"
import { echoPlugin } from "./support/Http.ts"
import { inFlight, perSecond, side } from "./support/Load.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ratio, summary, timed } from "./support/Samples.ts"

const limit = { ms: 60, start: 1.5, call: 3 }
const window = 16

const argv = [binary, "serve", "--stdio"]

/** A shim that has started the daemon, and keeps it. */
const ours = async (bench: Bench, home: Home) =>
  connected(bench, argv, { cwd: home.path, env: environment(home) })

const starts = async (bench: Bench, home: Home, oneTool: string): Promise<Row> => {
  const env = environment(home)
  const taken = await interleave(bench.pick(60, 15), {
    ours: () => firstAnswer(argv, env, home.path),
    peer: () => firstAnswer([oneTool], env, home.path),
  })
  const [hub, peer] = [summary(taken.ours), summary(taken.peer)]
  return {
    what: "`serve --stdio` with a daemon at work: spawn → `initialize` answered",
    ours: both(hub),
    beside: `one-tool server ${both(peer)}`,
    compared: ratio(hub.p50, peer.p50),
    target: `p50 ≤ ${limit.ms} ms and ≤ ${limit.start} ×`,
    met: hub.p50 <= limit.ms && hub.p50 <= limit.start * peer.p50,
    note: `n = ${hub.n}`,
    numbers: { ours: hub, peer },
  }
}

export const figure: Figure = {
  name: "shim",
  summary: "start and calls through the shim and the socket, beside a compiled server with the same tool",
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const home = bench.home(echoPlugin())
    const oneTool = await compile(bench, "one-tool")
    const [hub, direct] = [await ours(bench, home), await connected(bench, [oneTool])]
    const start = await starts(bench, home, oneTool)
    const calls = bench.pick(100, 40)
    const through = side(
      inFlight(() => hub.echo(), window),
      calls,
    )
    const bare = side(
      inFlight(() => direct.echo(), window),
      calls,
    )
    const alone = await interleave(
      bench.pick(3_000, 500),
      { ours: () => timed(through.alone), peer: () => timed(bare.alone) },
      300,
    )
    const together = await interleave(bench.pick(20, 5), { ours: through.together, peer: bare.together })
    const times = { ours: summary(alone.ours), peer: summary(alone.peer) }
    const rates = { ours: summary(together.ours), peer: summary(together.peer) }
    return [
      start,
      {
        what: "a trivial tool through the shim, one call after the other",
        ours: both(times.ours),
        beside: `the same tool in a server of its own ${both(times.peer)}`,
        compared: `${ratio(times.ours.p50, times.peer.p50)} (p99 ${ratio(times.ours.p99, times.peer.p99)})`,
        target: `p50 ≤ ${limit.call} ×`,
        met: times.ours.p50 <= limit.call * times.peer.p50,
        note: `n = ${times.ours.n}`,
        numbers: times,
      },
      {
        what: `… ${window} calls of one client under way`,
        ours: perSecond(rates.ours.p50),
        beside: `server of its own ${perSecond(rates.peer.p50)}`,
        compared: ratio(rates.ours.p50, rates.peer.p50),
        note: `n = ${rates.ours.n} rounds of ${window * calls} calls`,
        numbers: rates,
      },
    ]
  },
}
