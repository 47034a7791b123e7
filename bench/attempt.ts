/** What the hub adds to the start of a program: from the dispatch to the end that the client is told of. */
import { agent, plugins } from "./support/Agents.ts"
import type { Figure } from "./support/Figure.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { both, interleave, more, summary, timed } from "./support/Samples.ts"

const limit = 15

export const figure: Figure = {
  name: "attempt",
  summary: "one attempt of `true`, beside the same program started by hand",
  run: async (bench) => {
    const home = bench.home(plugins(agent("quick", ["true"])))
    const server = await bench.hub(home)
    const own: Array<number> = []
    const request = { prompt, agent: "quick", cwd: home.path }
    const whole = () =>
      timed(async () =>
        own.push((await ended(server, await dispatch(server, request))).attempts[0]!.duration_ms),
      )
    const hand = () =>
      timed(() => Bun.spawn(["true"], { cwd: home.path, stdio: ["ignore", "ignore", "ignore"] }).exited)
    const taken = await interleave(bench.pick(200, 60), { ours: whole, hand }, 10)
    const [ours, floor, attempt] = [summary(taken.ours), summary(taken.hand), summary(own.slice(10))]
    const beside = `by hand ${both(floor)}`
    return [
      {
        what: "one run of one attempt of `true`: dispatch → end told to the client",
        ours: both(ours),
        beside,
        compared: more(ours.p50 - floor.p50),
        target: `≤ + ${limit} ms`,
        met: ours.p50 - floor.p50 <= limit,
        numbers: { ours, floor },
      },
      {
        what: "… of which the attempt itself, by its own record",
        ours: both(attempt),
        beside,
        compared: more(attempt.p50 - floor.p50),
        note: "whole milliseconds",
        numbers: { ours: attempt, floor },
      },
    ]
  },
}
