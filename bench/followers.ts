/** A thousand followers of one run that writes a hundred lines a second: whether each gets each line, and how old it is then. */
import * as fs from "node:fs"
import * as path from "node:path"
import { serveHttp } from "../tests/support/serve.ts"
import { agent, plugins } from "./support/Agents.ts"
import type { Bench } from "./support/Bench.ts"
import type { Figure } from "./support/Figure.ts"
import { memory } from "./support/Processes.ts"
import { prompt } from "./support/Runs.ts"
import { both, megabytes, more, ms, type Summary, summary } from "./support/Samples.ts"

const limit = 250
const followers = 1_000
/** Programs that follow: one alone would be measured instead of the hub. */
const programs = 2

const fixture = (name: string): string => path.join(import.meta.dir, "fixtures", `${name}.ts`)

interface Followed {
  readonly lost: number
  readonly repeated: number
  /** Hundredths of a millisecond. */
  readonly ages: ReadonlyArray<number>
}

/** Half of the followers, and what they have to say at the end. */
const follow = async (bench: Bench, url: string, lines: number): Promise<() => Promise<Followed>> => {
  const args = [url, String(followers / programs), String(lines)]
  const child = Bun.spawn([process.execPath, fixture("follow"), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  bench.defer(() => child.kill("SIGKILL"))
  const said = linesOf(child.stdout)
  await said.next()
  return async () => {
    const { done, value } = await said.next()
    if (done === true) throw new Error("a program that follows has ended early")
    return JSON.parse(value) as Followed
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest: Array<string> = []
  for await (const piece of stream) {
    const [first = "", ...lines] = decoder.decode(piece, { stream: true }).split("\n")
    rest.push(first)
    for (const line of lines) {
      yield rest.join("")
      rest = [line]
    }
  }
}

interface Outcome {
  readonly ages: Summary
  readonly lost: number
  readonly repeated: number
  /** Bytes of the server: before the followers came, once they were there, and the most there ever was. */
  readonly memory: { readonly before: number; readonly following: number; readonly most: number }
}

/** What the server at `url` does from the moment that `go` is there. */
const measured = async (
  bench: Bench,
  server: { readonly pid: number; readonly url: string },
  go: string,
  lines: number,
): Promise<Outcome> => {
  const before = memory(server.pid, "VmRSS")
  const ends = [await follow(bench, server.url, lines), await follow(bench, server.url, lines)]
  const following = memory(server.pid, "VmRSS")
  fs.writeFileSync(go, "")
  const all = await Promise.all(ends.map((end) => end()))
  const most = memory(server.pid, "VmHWM")
  return {
    ages: summary(all.flatMap(({ ages }) => ages).map((age) => age / 100)),
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    repeated: all.reduce((sum, { repeated }) => sum + repeated, 0),
    memory: { before, following, most },
  }
}

const ours = async (bench: Bench, lines: number): Promise<Outcome> => {
  const go = path.join(bench.folder(), "go")
  const metronome = [process.execPath, fixture("metronome"), go, String(lines)] as const
  const home = bench.home(plugins(agent("metronome", metronome)))
  const { pid, stop, url } = await serveHttp(home)
  bench.defer(stop)
  const answer = await fetch(`${url}/api/dispatch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt, agent: "metronome", cwd: home.path }),
  })
  const { run_id } = (await answer.json()) as { run_id: string }
  return measured(bench, { pid, url: `${url}/api/runs/${run_id}/events` }, go, lines)
}

const floor = async (bench: Bench, lines: number): Promise<Outcome> => {
  const go = path.join(bench.folder(), "go")
  const metronome = [process.execPath, fixture("metronome"), go, String(lines)]
  const child = Bun.spawn([process.execPath, fixture("fan-out"), ...metronome], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  bench.defer(() => child.kill("SIGKILL"))
  const { value: url } = await linesOf(child.stdout).next()
  return measured(bench, { pid: child.pid, url: `${String(url)}/` }, go, lines)
}

export const figure: Figure = {
  name: "followers",
  summary: "1,000 event streams of one run that writes 100 lines a second, beside a bare fan-out",
  run: async (bench) => {
    const lines = bench.pick(1_000, 300)
    const [hub, bare] = [await ours(bench, lines), await floor(bench, lines)]
    return [
      {
        what: "1,000 followers of one run writing 100 lines/s: a line's age when it is there",
        ours: both(hub.ages),
        beside: `bare fan-out of the same lines ${both(bare.ages)}`,
        compared: more(hub.ages.p50 - bare.ages.p50),
        target: `p99 < ${limit} ms, none lost`,
        met: hub.ages.p99 < limit && hub.lost === 0 && hub.repeated === 0,
        note: `${hub.ages.n} lines arrived, ${hub.lost} lost, ${hub.repeated} twice; the slowest took ${ms(hub.ages.max)}`,
        numbers: { hub, bare },
      },
      {
        what: "… the server's memory at its most (VmHWM)",
        ours: megabytes(hub.memory.most),
        beside: `bare fan-out ${megabytes(bare.memory.most)}`,
        compared: `+ ${megabytes(hub.memory.most - hub.memory.before)} since before they came`,
        note: `${megabytes(hub.memory.before)} before, ${megabytes(hub.memory.following)} with all of them there`,
      },
    ]
  },
}
