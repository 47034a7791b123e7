/** An agent that writes a gigabyte: what it does to the hub's memory, and how much longer it takes than into a file. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { agent, plugins } from "./support/Agents.ts"
import type { Home, Server } from "./support/Bench.ts"
import { type Figure, Skipped } from "./support/Figure.ts"
import { memory } from "./support/Processes.ts"
import { dispatch, ended, prompt } from "./support/Runs.ts"
import { interleave, megabytes, more, ms, ratio, summary, timed } from "./support/Samples.ts"

const limit = 50e6
const bytes = 1e9
const needed = 3e9

const script = `yes 'The quick brown fox jumps over the lazy dog, again and again.' | head -c ${bytes}`

/** The most that was resident while the work went on, looked at twenty times a second. */
const peakDuring = async (pid: number, work: () => Promise<void>): Promise<number> => {
  let most = 0
  const look = () => (most = Math.max(most, memory(pid, "VmRSS")))
  const timer = setInterval(look, 50)
  try {
    await work()
    return look()
  } finally {
    clearInterval(timer)
  }
}

const run = async (server: Server, home: Home, name: string): Promise<void> => {
  const run_id = await dispatch(server, { prompt, agent: name, cwd: home.path })
  await ended(server, run_id)
  const folder = path.join(home.path, "hub", "runs", run_id)
  if (name === "chatty" && fs.statSync(path.join(folder, "1", "out")).size !== bytes)
    throw new Error("the spool does not hold what the agent wrote")
  fs.rmSync(folder, { recursive: true })
}

const checkRoom = (): void => {
  const { bavail, bsize } = fs.statfsSync(os.tmpdir())
  if (bavail * bsize < needed)
    throw new Skipped(
      `less than ${megabytes(needed)} are free in ${os.tmpdir()}: ${megabytes(bavail * bsize)}`,
    )
}

export const figure: Figure = {
  name: "gigabyte",
  summary: "1 GB of output from one agent: the hub's memory, and the time beside a plain file",
  run: async (bench) => {
    checkRoom()
    const home = bench.home(plugins(agent("chatty", script), agent("quick", ["true"])))
    const server = await bench.hub(home)
    const { pid } = server.child
    // What the first runs of any kind need once is no growth by this output.
    for (let i = 0; i < 5; i++) await run(server, home, "quick")
    const before = memory(pid, "VmRSS")
    const peaks: Array<number> = []
    const file = path.join(home.path, "by-hand")
    const taken = await interleave(
      bench.pick(3, 1),
      {
        ours: () => timed(async () => peaks.push(await peakDuring(pid, () => run(server, home, "chatty")))),
        hand: () =>
          timed(() => Bun.spawn(["sh", "-c", `${script} >by-hand`], { cwd: home.path }).exited).finally(() =>
            fs.rmSync(file),
          ),
      },
      0,
    )
    const [ours, floor, growth] = [summary(taken.ours), summary(taken.hand), Math.max(...peaks) - before]
    return [
      {
        what: "1 GB of output from one agent: growth of the hub's memory",
        ours: megabytes(growth),
        beside: `before ${megabytes(before)}`,
        compared: ratio(before + growth, before),
        target: `< ${megabytes(limit)}`,
        met: growth < limit,
        numbers: { before, peaks },
      },
      {
        what: "… and its time",
        ours: ms(ours.p50),
        beside: `into a file by hand ${ms(floor.p50)}`,
        compared: `${ratio(ours.p50, floor.p50)}, ${more(ours.p50 - floor.p50)}`,
        note: `n = ${ours.n}`,
        numbers: { ours, floor },
      },
    ]
  },
}
