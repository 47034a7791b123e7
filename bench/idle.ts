/** What the daemon and its shims cost while nobody asks for anything. */
import * as path from "node:path"
import { binary } from "../bin/binary.ts"
import { environment, pidOfHub } from "../tests/support/hub.ts"
import type { Bench, Home } from "./support/Bench.ts"
import { type Client, connected } from "./support/Client.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { memory, share, used } from "./support/Processes.ts"
import { compile } from "./support/Program.ts"
import { megabytes, ratio, summary } from "./support/Samples.ts"

const limit = { core: 0.002, daemon: 90e6, shim: 45e6 }
const clients = 10
/** Milliseconds that all have before they count as idle. */
const settling = 30_000

const daemonOf = (home: Home): number => {
  const pid = pidOfHub(path.join(home.path, "hub"))
  if (pid === undefined) throw new Error("the shims have started no daemon")
  return pid
}

/** As ten programs start their servers: one after the other, and all stay. */
const ten = async (bench: Bench, argv: ReadonlyArray<string>, home: Home): Promise<ReadonlyArray<number>> => {
  const all: Array<Client> = []
  while (all.length < clients)
    all.push(await connected(bench, argv, { cwd: home.path, env: environment(home) }))
  return all.map(({ child }) => child.pid)
}

interface Rest {
  /** Share of one core. */
  readonly core: number
  readonly resident: ReadonlyArray<number>
  readonly shares: ReadonlyArray<number>
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)

/** What each group of processes uses while time goes by. */
const rest = async (
  groups: ReadonlyArray<ReadonlyArray<number>>,
  duration: number,
): Promise<ReadonlyArray<Rest>> => {
  const usedBy = (pids: ReadonlyArray<number>) => sum(pids.map(used))
  const before = groups.map(usedBy)
  await Bun.sleep(duration)
  return groups.map((pids, at) => ({
    core: (usedBy(pids) - (before[at] ?? 0)) / duration,
    resident: pids.map((pid) => memory(pid, "VmRSS")),
    shares: pids.map(share),
  }))
}

const percent = (core: number): string => `${(core * 100).toFixed(2)} % of a core`

export const figure: Figure = {
  name: "idle",
  summary: "the daemon and ten shims while nobody asks for anything, beside ten servers with one tool",
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const home = bench.home({})
    const shims = await ten(bench, [binary, "serve", "--stdio"], home)
    const servers = await ten(bench, [await compile(bench, "one-tool")], home)
    const duration = bench.pick(60_000, 8_000)
    await Bun.sleep(bench.pick(settling, settling / 2))
    const all = await rest([[daemonOf(home)], shims, servers], duration)
    const [daemon, ours, peers] = all as [Rest, Rest, Rest]
    const [resident = 0, part = 0] = [daemon.resident[0], daemon.shares[0]]
    const [shim, peer] = [summary(ours.resident), summary(peers.resident)]
    const whole = [sum([part, ...ours.shares]), sum(peers.shares)] as const
    return [
      {
        what: `idle daemon, ${clients} shims connected`,
        ours: percent(daemon.core),
        beside: `${clients} one-tool servers ${percent(peers.core)}`,
        compared: "",
        target: `≤ ${limit.core * 100} % of a core`,
        met: daemon.core <= limit.core,
        note: `within ${duration / 1000} s; the ${clients} shims together ${percent(ours.core)}`,
        numbers: { daemon, ours, peers },
      },
      {
        what: "… the daemon's memory (VmRSS)",
        ours: megabytes(resident),
        beside: `a one-tool server ${megabytes(peer.p50)}`,
        compared: ratio(resident, peer.p50),
        target: `≤ ${megabytes(limit.daemon)}`,
        met: resident <= limit.daemon,
        note: `${megabytes(part)} of it when what is shared counts by share (Pss)`,
      },
      {
        what: "… each shim's memory (VmRSS)",
        ours: `${megabytes(shim.p50)} (most ${megabytes(shim.max)})`,
        beside: `a one-tool server ${megabytes(peer.p50)} (most ${megabytes(peer.max)})`,
        compared: ratio(shim.p50, peer.p50),
        target: `≤ ${megabytes(limit.shim)}`,
        met: shim.max <= limit.shim,
        note: `daemon and ${clients} shims together ${megabytes(whole[0])}, ${clients} one-tool servers ${megabytes(whole[1])} (Pss)`,
      },
    ]
  },
}
