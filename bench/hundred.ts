/** A hundred dispatches at once: when the last of them is done, and what the hub needs for it. */
import { agent, plugins } from "./support/Agents.ts"
import type { Bench, Home } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { memory } from "./support/Processes.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { interleave, megabytes, more, ms, summary, timed } from "./support/Samples.ts"

const limit = { ms: 1600, bytes: 250e6 }
const count = 100

const times = <A>(make: () => Promise<A>): Promise<ReadonlyArray<A>> =>
  Promise.all(Array.from({ length: count }, make))

/** A hub of its own for each round: its high-water mark is that of this load alone. */
const byHub = (bench: Bench, home: Home, peaks: Array<number>) => async () => {
  const server = await bench.hub(home)
  const request = { prompt, agent: "sleeper", cwd: home.path }
  const taken = await timed(() => times(async () => ended(server, await dispatch(server, request))))
  peaks.push(memory(server.child.pid, "VmHWM"))
  await server.close()
  return taken
}

const byHand = (home: Home) => () =>
  timed(() =>
    times(
      () =>
        Bun.spawn(["sh", "-c", "sleep 1"], { cwd: home.path, stdio: ["ignore", "ignore", "ignore"] }).exited,
    ),
  )

export const figure: Figure = {
  name: "hundred",
  summary: "100 dispatches of `sleep 1` at once, beside 100 programs started by hand",
  run: async (bench) => {
    const home = bench.home(plugins(agent("sleeper", "sleep 1")))
    const peaks: Array<number> = []
    const taken = await interleave(
      bench.pick(7, 3),
      { ours: byHub(bench, home, peaks), hand: byHand(home) },
      1,
    )
    const [ours, floor, peak] = [summary(taken.ours), summary(taken.hand), summary(peaks)]
    return [
      {
        what: "100 dispatches of `sleep 1` at once: all ends told",
        ours: `${ms(ours.p50)} (${ms(ours.min)} to ${ms(ours.max)})`,
        beside: `100 × \`sh -c 'sleep 1'\` ${ms(floor.p50)}`,
        compared: more(ours.p50 - floor.p50),
        target: `≤ ${limit.ms} ms`,
        met: ours.p50 <= limit.ms,
        note: `n = ${ours.n}`,
        numbers: { ours, floor },
      },
      {
        what: "… the hub's memory at its most (VmHWM)",
        ours: megabytes(peak.max),
        beside: "",
        compared: "",
        target: `< ${megabytes(limit.bytes)}`,
        met: peak.max < limit.bytes,
        numbers: { peak },
      },
    ]
  },
}
