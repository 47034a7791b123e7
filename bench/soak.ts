/** A day in fast motion: dispatch after dispatch while plugins.toml changes, and what is left of it in the hub. */
import * as path from "node:path"
import { pidOfHub } from "../tests/support/hub.ts"
import { agent } from "./support/Agents.ts"
import type { Home, Server } from "./support/Bench.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { children, handles, memory } from "./support/Processes.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { megabytes, ratio } from "./support/Samples.ts"

const limit = 1.3
const underway = 8
const reload = 100

/** Of the daemon at rest. */
interface Look {
  readonly runs: number
  readonly bytes: number
  readonly handles: number
  readonly children: number
}

/** Each has a plugin that the one before it does not have. */
const pluginsToml = (version: number): string =>
  agent("quick", ["true"]) + agent(`other-${version % 2}`, ["true"])

/** Longer than what a hub at rest takes to give its memory back. */
const resting = 35_000

const look = async (pid: number, runs: number): Promise<Look> => {
  await Bun.sleep(resting)
  return { runs, bytes: memory(pid, "VmRSS"), handles: handles(pid), children: children(pid) }
}

/** Dispatches until there are `to` runs, some of them under way at any time. */
const work = async (server: Server, home: Home, from: number, to: number): Promise<void> => {
  let next = from
  const request = { prompt, agent: "quick", cwd: home.path }
  const one = async () => {
    while (next < to) {
      const count = next++
      if (count % reload === 0) home.write("hub/plugins.toml", pluginsToml(count / reload))
      await ended(server, await dispatch(server, request))
    }
  }
  await Promise.all(Array.from({ length: underway }, one))
}

const words = (at: Look): string => `${megabytes(at.bytes)} after ${at.runs}`

export const figure: Figure = {
  name: "soak",
  summary: "20,000 dispatches and a changed plugins.toml after each 100: what is left in the hub",
  patience: 3_600_000,
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const [early, late] = [bench.pick(2_000, 400), bench.pick(20_000, 2_000)]
    const home = bench.home({ "hub/plugins.toml": pluginsToml(0) })
    const server = await bench.shim(home)
    const pid = pidOfHub(path.join(home.path, "hub"))
    if (pid === undefined) throw new Error("the shim has started no daemon")
    const looks: Array<Look> = [await look(pid, 0)]
    for (let runs = early; runs <= late; runs += early) {
      await work(server, home, runs - early, runs)
      looks.push(await look(pid, runs))
      bench.say(words(looks.at(-1)!))
    }
    const [start, first, last] = [looks[0]!, looks[1]!, looks.at(-1)!]
    return [
      {
        what: `memory (VmRSS) after ${last.runs} dispatches, plugins.toml changed ${late / reload} times`,
        ours: megabytes(last.bytes),
        beside: words(first),
        compared: ratio(last.bytes, first.bytes),
        target: `≤ ${limit} ×`,
        met: last.bytes <= limit * first.bytes,
        note: looks.map(words).join(", "),
        numbers: { looks },
      },
      {
        what: "… open handles and child processes of the daemon",
        ours: `${last.handles} and ${last.children}`,
        beside: `before the first ${start.handles} and ${start.children}, after ${first.runs} ${first.handles} and ${first.children}`,
        compared: "",
        target: "no more than before",
        met: last.handles <= start.handles && last.children <= start.children,
      },
    ]
  },
}
