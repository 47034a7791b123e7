/** How old a line of an agent is when a follower of its run sees it. */
import { agent, plugins } from "./support/Agents.ts"
import type { Home, Server } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { dispatch, type EventPage, ended, prompt } from "./support/Runs.ts"
import { both, interleave, more, summary } from "./support/Samples.ts"

const limit = 10
const lines = 25

/** Each line is the moment it was written at, in nanoseconds since 1970. */
const script = `i=0; while [ $i -lt ${lines} ]; do date +%s%N; sleep 0.03; i=$((i + 1)); done`

/** Milliseconds since a moment that a line of the program names. */
const age = (line: string): number => performance.timeOrigin + performance.now() - Number(line) / 1e6

const isMoment = (line: unknown): line is string => typeof line === "string" && /^\d{19}$/.test(line.trim())

/** Follows the run to its end, as an MCP client does: one call waits for what comes next. */
const follow = async (server: Server, home: Home, ages: Array<number>): Promise<void> => {
  const run_id = await dispatch(server, { prompt, agent: "clock", cwd: home.path })
  let page: EventPage = { events: [], last_seq: 0, ended: false }
  while (!page.ended) {
    page = await server.tool<EventPage>("run_events", { run_id, after: page.last_seq, wait_seconds: 10 })
    for (const { data } of page.events) if (isMoment(data["text"])) ages.push(age(data["text"]))
  }
  await ended(server, run_id)
}

const readPipe = async (home: Home, ages: Array<number>): Promise<void> => {
  const child = Bun.spawn(["sh", "-c", script], { cwd: home.path, stdio: ["ignore", "pipe", "ignore"] })
  for await (const piece of child.stdout)
    for (const line of new TextDecoder().decode(piece).split("\n")) if (isMoment(line)) ages.push(age(line))
  await child.exited
}

export const figure: Figure = {
  name: "line",
  summary: "an agent's line to a follower's eyes, beside a read of the program's pipe",
  run: async (bench) => {
    const home = bench.home(plugins(agent("clock", script)))
    const server = await bench.hub(home)
    const seen: { ours: Array<number>; floor: Array<number> } = { ours: [], floor: [] }
    const counted = (work: () => Promise<void>) => async () => {
      await work()
      return 0
    }
    await interleave(
      bench.pick(8, 3),
      {
        ours: counted(() => follow(server, home, seen.ours)),
        floor: counted(() => readPipe(home, seen.floor)),
      },
      0,
    )
    const [ours, floor] = [summary(seen.ours), summary(seen.floor)]
    return [
      {
        what: "agent's line → follower",
        ours: both(ours),
        beside: `pipe read by hand ${both(floor)}`,
        compared: more(ours.p50 - floor.p50),
        target: `p50 ≤ ${limit} ms`,
        met: ours.p50 <= limit,
        note: `n = ${ours.n} lines`,
        numbers: { ours, floor },
      },
    ]
  },
}
