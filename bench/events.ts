/** How long a poll by cursor takes when a million events are stored. */
import { Database as Sqlite } from "bun:sqlite"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as Database from "../core/live/Database.ts"
import * as LiveEvents from "../core/live/Events.ts"
import * as LiveHome from "../core/live/Home.ts"
import * as Secrets from "../core/live/Secrets.ts"
import { Events } from "../core/services/Events.ts"
import { agent, plugins } from "./support/Agents.ts"
import type { Bench, Home, Server } from "./support/Bench.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { peer } from "./support/Peer.ts"
import type { EventPage } from "./support/Runs.ts"
import { both, interleave, more, ms, summary, timed } from "./support/Samples.ts"
import * as Stored from "./support/Stored.ts"

const limit = 2

/** One run with very many events, and very many runs with some. */
const long = { prefix: "250102", count: 1, length: 200_000, type: "output" }
const short = { prefix: "250103", count: 8_000, length: 100, type: "output" }

interface Poll {
  readonly run_id: string
  readonly after: number
}

/** Half of the polls go to the long run, half to any other. `left` says how many events are behind the cursor. */
const somePoll = (left: number): Poll => {
  const of = Math.random() < 0.5 ? long : short
  const run_id = Stored.nameOf(of.prefix, 1 + Math.floor(Math.random() * of.count))
  return {
    run_id,
    after: left < short.length ? of.length - left : Math.floor(Math.random() * (long.length - left)),
  }
}

const deepPoll = (left: number): Poll => ({ ...somePoll(left), run_id: Stored.nameOf(long.prefix, 1) })

const expectEvents = (found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`a poll gave ${found} events instead of ${wanted}`)
}

const overMcp = async (server: Server, { after, run_id }: Poll, wanted: number): Promise<number> => {
  let page: EventPage | undefined
  const taken = await timed(
    async () => (page = await server.tool<EventPage>("run_events", { run_id, after })),
  )
  expectEvents(page?.events.length ?? 0, wanted)
  return taken
}

const inProcess = (bench: Bench, home: Home) => {
  const folder = `${home.path}/hub`
  const base = LiveHome.layer(folder)
  const layer = LiveEvents.layer.pipe(Layer.provide([Database.layer, Secrets.layer]), Layer.provide(base))
  const runtime = ManagedRuntime.make(layer)
  bench.defer(() => runtime.dispose())
  return ({ after, run_id }: Poll) =>
    timed(() => runtime.runPromise(Effect.flatMap(Events, (events) => events.read(run_id, after, 200))))
}

const bare = (bench: Bench, home: Home) => {
  const sqlite = new Sqlite(Stored.databaseOf(home), { readonly: true })
  bench.defer(() => sqlite.close())
  const select = sqlite.prepare("select * from events where run_id = ? and seq > ? order by seq limit 200")
  return ({ after, run_id }: Poll) => timed(() => select.all(run_id, after))
}

export const figure: Figure = {
  name: "events",
  summary: "a poll by cursor with 1,000,000 events stored, beside a bare select",
  run: async (bench) => {
    const home = bench.home(
      plugins(agent("quick", "echo one line of an answer, as long as most of them are")),
    )
    const one = await Stored.oneRun(bench, home, "quick")
    bench.say("storing 1,000,000 events")
    Stored.filling(home, (sqlite) => {
      Stored.longRuns(sqlite, one, long)
      Stored.longRuns(sqlite, one, short)
    })
    const stored = Stored.count(home, "events")
    const [server, select, read] = [await bench.hub(home), bare(bench, home), inProcess(bench, home)]

    const call = await peer(bench)
    const measure = async (what: string, poll: () => Poll, wanted: number): Promise<Row> => {
      const taken = await interleave(
        bench.pick(1000, 300),
        {
          ours: () => overMcp(server, poll(), wanted),
          read: async () => read(poll()),
          call,
          select: async () => select(poll()),
        },
        50,
      )
      const [ours, floor] = [summary(taken.ours), summary(taken.select)]
      const [port, empty] = [summary(taken.read), summary(taken.call)]
      return {
        what,
        ours: both(ours),
        beside: `bare select ${both(floor)}, empty MCP call ${both(empty)}`,
        compared: more(ours.p50 - floor.p50 - empty.p50),
        target: `p99 ≤ ${limit} ms`,
        met: ours.p99 <= limit,
        note: `in process, through \`core/live/Events\`: ${both(port)}; slowest poll ${ms(ours.max)}; n = ${ours.n}, ${stored} events stored`,
        numbers: { ours, floor, port, empty, stored },
      }
    }
    return [
      await measure("1,000,000 events stored: poll by cursor, 5 new events", () => somePoll(5), 5),
      await measure(
        "… a whole page of 200 events from anywhere in a run of 200,000",
        () => deepPoll(200),
        200,
      ),
    ]
  },
}
