/** How long a client waits for the id of its run: with nothing else going on, and while earlier runs execute. */
import { Database } from "bun:sqlite"
import * as path from "node:path"
import { agent, plugins } from "./support/Agents.ts"
import type { Bench, Server } from "./support/Bench.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { peer } from "./support/Peer.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { both, interleave, ms, more, type Summary, summary, timed } from "./support/Samples.ts"

const limit = { p50: 2, p99: 20 }
const config = plugins(agent("quick", ["true"]))

/** The least that a durable acceptance can cost: one row as long as a run's, synced to the disk. */
const bareInsert = (bench: Bench) => {
  const sqlite = new Database(path.join(bench.folder(), "floor.db"))
  bench.defer(() => sqlite.close())
  sqlite.run("pragma journal_mode=wal")
  sqlite.run("pragma synchronous=full")
  sqlite.run(
    "create table runs (n integer primary key autoincrement, run_id text not null unique, row text not null)",
  )
  const insert = sqlite.prepare("insert into runs (run_id, row) values (?, ?)")
  const row = prompt + "x".repeat(300)
  let next = 0
  return () => timed(() => insert.run(`261121-${String(next++).padStart(8, "0")}`, row))
}

const acceptance = (server: Server, cwd: string, into: Array<string>) => () =>
  timed(async () => into.push(await dispatch(server, { prompt, agent: "quick", cwd })))

/** The run ends before the next call. */
const calmly = (server: Server, cwd: string) => {
  const runs: Array<string> = []
  const accept = acceptance(server, cwd, runs)
  return async () => {
    const taken = await accept()
    await ended(server, runs.at(-1)!)
    return taken
  }
}

const row = (what: string, ours: Summary, floor: Summary, call: Summary): Row => ({
  what,
  ours: both(ours),
  beside: `bare FULL insert ${both(floor)}, empty MCP call ${both(call)}`,
  compared: more(ours.p50 - floor.p50 - call.p50),
  target: `p50 ≤ ${limit.p50} ms, p99 ≤ ${limit.p99} ms`,
  met: ours.p50 <= limit.p50 && ours.p99 <= limit.p99,
  note: `n = ${ours.n}, slowest ${ms(ours.max)}`,
  numbers: { ours, floor, call },
})

export const figure: Figure = {
  name: "dispatch",
  summary: "dispatch tool call to id, committed with FULL, beside a bare insert",
  run: async (bench) => {
    const [home, other] = [bench.home(config), bench.home(config)]
    const [server, daemon] = [await bench.hub(home), await bench.shim(other)]
    const [floor, call] = [bareInsert(bench), await peer(bench)]
    bench.say("one at a time")
    const calm = await interleave(
      bench.pick(300, 100),
      { ours: calmly(server, home.path), shim: calmly(daemon, other.path), floor, call },
      10,
    )
    bench.say("one after the other, without waiting for the runs")
    const runs: Array<string> = []
    const busy = await interleave(
      bench.pick(300, 100),
      { ours: acceptance(server, home.path, runs), floor, call },
      10,
    )
    await Promise.all(runs.map((run_id) => ended(server, run_id)))
    return [
      row(
        "`dispatch` → id, each run ends before the next call",
        summary(calm.ours),
        summary(calm.floor),
        summary(calm.call),
      ),
      row("… through the shim, to the daemon", summary(calm.shim), summary(calm.floor), summary(calm.call)),
      row(
        "`dispatch` → id, call after call while the runs execute",
        summary(busy.ours),
        summary(busy.floor),
        summary(busy.call),
      ),
    ]
  },
}
