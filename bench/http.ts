/** How many calls of a trivial tool the hub answers over HTTP, beside a bare server of the same SDK. */
import type { Figure, Row } from "./support/Figure.ts"
import { bareOverHttp, clients, hubOverHttp } from "./support/Http.ts"
import { perSecond, side } from "./support/Load.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ms, ratio, summary, timed } from "./support/Samples.ts"

const count = 16
const limit = 0.7

export const figure: Figure = {
  name: "http",
  summary: "calls of a trivial tool over HTTP sessions, beside a bare server of the same SDK",
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const calls = bench.pick(100, 40)
    const bare = await bareOverHttp(bench, await compile(bench, "one-tool-http"))
    const hub = side(await clients(await hubOverHttp(bench), count), calls)
    const peer = side(await clients(bare, count), calls)
    const together = await interleave(bench.pick(15, 5), { hub: hub.together, peer: peer.together })
    const alone = await interleave(
      bench.pick(1_000, 200),
      { hub: () => timed(hub.alone), peer: () => timed(peer.alone) },
      50,
    )
    const rates = { hub: summary(together.hub), peer: summary(together.peer) }
    const times = { hub: summary(alone.hub), peer: summary(alone.peer) }
    return [
      {
        what: `a trivial tool over HTTP, ${count} clients with a session each`,
        ours: perSecond(rates.hub.p50),
        beside: `bare server of the same SDK ${perSecond(rates.peer.p50)}`,
        compared: ratio(rates.hub.p50, rates.peer.p50),
        target: `≥ ${limit} ×`,
        met: rates.hub.p50 >= limit * rates.peer.p50,
        note: `n = ${rates.hub.n} rounds of ${count * calls} calls; ${perSecond(rates.hub.min)} to ${perSecond(rates.hub.max)}`,
        numbers: rates,
      },
      {
        what: "… one client, one call after the other",
        ours: both(times.hub),
        beside: `bare server ${both(times.peer)}`,
        compared: `+ ${ms(times.hub.p50 - times.peer.p50)}`,
        note: `n = ${times.hub.n}`,
        numbers: times,
      },
    ]
  },
}
