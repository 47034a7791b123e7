/** How long nobody works between the failure of one agent and the start of the next. */
import * as fs from "node:fs"
import * as path from "node:path"
import { agent, plugins } from "./support/Agents.ts"
import type { Home, Server } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { dispatch, ended, events, prompt } from "./support/Runs.ts"
import { both, interleave, more, summary } from "./support/Samples.ts"

const limit = 10

/** The first notes the time as its last act, the second as its first. */
const fails = 'date +%s%N >"$CLOCK_FOLDER/failed"; exit 3'
const answers = 'date +%s%N >"$CLOCK_FOLDER/started"; echo done'

const script = (home: Home, text: string) => text.replaceAll("$CLOCK_FOLDER", home.path)

/** Milliseconds between the two notes. */
const gap = (home: Home): number => {
  const read = (file: string) => BigInt(fs.readFileSync(path.join(home.path, file), "utf8").trim())
  return Number(read("started") - read("failed")) / 1e6
}

const byHub = (server: Server, home: Home, recorded: Array<number>) => async () => {
  const request = { prompt, agent: "broken", fallback: ["sound"], cwd: home.path }
  const run_id = await dispatch(server, request)
  await ended(server, run_id)
  const page = await events(server, run_id)
  const at = (type: string, which: number) => page.events.filter((event) => event.type === type)[which]!.at
  recorded.push(at("attempt_started", 1) - at("attempt_ended", 0))
  return gap(home)
}

const byHand = (home: Home) => async () => {
  const start = (text: string) =>
    Bun.spawn(["sh", "-c", script(home, text)], { cwd: home.path, stdio: ["ignore", "ignore", "ignore"] })
      .exited
  await start(fails)
  await start(answers)
  return gap(home)
}

export const figure: Figure = {
  name: "fallback",
  summary: "failure of one agent to the start of the next, beside two programs started by hand",
  run: async (bench) => {
    const home = bench.home({})
    home.write(
      "hub/plugins.toml",
      plugins(agent("broken", script(home, fails)), agent("sound", script(home, answers)))[
        "hub/plugins.toml"
      ]!,
    )
    const server = await bench.hub(home)
    const recorded: Array<number> = []
    const taken = await interleave(
      bench.pick(150, 40),
      { ours: byHub(server, home, recorded), hand: byHand(home) },
      5,
    )
    const [ours, floor, told] = [summary(taken.ours), summary(taken.hand), summary(recorded.slice(5))]
    const beside = `two programs by hand ${both(floor)}`
    return [
      {
        what: "failure of one agent → start of the next, by their own clocks",
        ours: both(ours),
        beside,
        compared: more(ours.p50 - floor.p50),
        target: `p50 ≤ ${limit} ms`,
        met: ours.p50 <= limit,
        numbers: { ours, floor },
      },
      {
        what: "… from the event of the one to the event of the other",
        ours: both(told),
        beside,
        compared: more(told.p50 - floor.p50),
        note: "whole milliseconds",
        numbers: { ours: told, floor },
      },
    ]
  },
}
