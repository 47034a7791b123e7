/** Whether a long past and many projects make a dispatch slower. */
import { agent, plugins } from "./support/Agents.ts"
import type { Home, Server } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { both, interleave, ratio, summary, timed } from "./support/Samples.ts"
import * as Stored from "./support/Stored.ts"

const limit = 1.3
const runs = 100_000

/** Each project has a folder that is there: the home. */
const projectsToml = (home: Home, count: number): string =>
  Array.from(
    { length: count },
    (_, n) =>
      `[project.p${n}]\npath = ${JSON.stringify(home.path)}\nagent = "quick"\ntags = ["web", "team-${n % 20}"]\n`,
  ).join("\n")

/** Milliseconds to the id; the run is waited for, so that it does not stand in the way of the next sample. */
const paced = (server: Server, project: () => string) => async () => {
  let run_id = ""
  const taken = await timed(async () => (run_id = await dispatch(server, { prompt, project: project() })))
  await ended(server, run_id)
  return taken
}

export const figure: Figure = {
  name: "past",
  summary: "dispatch with 100,000 stored runs and 1,000 projects, beside an empty home",
  run: async (bench) => {
    const files = plugins(agent("quick", ["true"]))
    const empty = bench.home(files)
    const full = bench.home(files)
    empty.write("hub/projects.toml", projectsToml(empty, 1))
    full.write("hub/projects.toml", projectsToml(full, 1000))
    const one = await Stored.oneRun(bench, full, "quick")
    bench.say(`storing ${runs} runs`)
    Stored.filling(full, (sqlite) => Stored.copyRun(sqlite, one, runs, 1000))
    const events = Stored.count(full, "events")
    const [small, large] = [await bench.hub(empty), await bench.hub(full)]
    let next = 0
    const taken = await interleave(
      bench.pick(300, 100),
      { empty: paced(small, () => "p0"), full: paced(large, () => `p${(next = (next + 37) % 1000)}`) },
      10,
    )
    const [ours, floor] = [summary(taken.full), summary(taken.empty)]
    return [
      {
        what: "`dispatch` → id with 100,000 stored runs and 1,000 projects",
        ours: both(ours),
        beside: `empty home ${both(floor)}`,
        compared: ratio(ours.p50, floor.p50),
        target: `≤ ${limit} ×`,
        met: ours.p50 / floor.p50 <= limit,
        note: `${events} events stored; n = ${ours.n} each`,
        numbers: { ours, floor, events },
      },
    ]
  },
}
