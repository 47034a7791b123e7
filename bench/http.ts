/** How many calls of a trivial tool the hub answers over HTTP, beside a bare server of the same SDK. */
import * as path from "node:path"
import { serveHttp } from "../tests/support/serve.ts"
import type { Bench } from "./support/Bench.ts"
import type { Figure, Row } from "./support/Figure.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ms, ratio, summary, timed } from "./support/Samples.ts"

const clients = 16
const limit = 0.7
const protocolVersion = "2025-11-25"

const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": protocolVersion,
}

type Call = () => Promise<void>

/** A client of its own session; gives one call of its tool. */
const client = async (url: string): Promise<Call> => {
  const post = (body: object, more: Record<string, string> = {}) =>
    fetch(`${url}/mcp`, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    })
  const clientInfo = { name: "bench", version: "1" }
  const params = { protocolVersion, capabilities: {}, clientInfo }
  const opened = await post({ id: 0, method: "initialize", params })
  await opened.text()
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" }
  await (await post({ method: "notifications/initialized" }, session)).text()
  let id = 0
  const echo = { name: "echo", arguments: { text: "hello" } }
  return async () => {
    const answer = await post({ id: ++id, method: "tools/call", params: echo }, session)
    const text = await answer.text()
    if (!text.includes('"text":"hello"')) throw new Error(`no answer to a call: ${text.slice(0, 500)}`)
  }
}

interface Side {
  readonly alone: Call
  /** Calls in a second, all clients at once. */
  readonly together: () => Promise<number>
}

const side = async (url: string, calls: number): Promise<Side> => {
  const all = await Promise.all(Array.from({ length: clients }, () => client(url)))
  const [first] = all
  if (first === undefined) throw new Error("there is no client")
  const work = async (call: Call) => {
    for (let i = 0; i < calls; i++) await call()
  }
  return {
    alone: first,
    together: async () => (clients * calls * 1000) / (await timed(() => Promise.all(all.map(work)))),
  }
}

/** The limit of calls is looked at, but not met. */
const pluginsToml = (plugin: string): string =>
  `[serve]\ncalls_per_minute = 1_000_000\n\n[plugin.echo]\nuse = ${JSON.stringify(plugin)}\n`

const ours = async (bench: Bench): Promise<string> => {
  const plugin = path.join(import.meta.dir, "fixtures/echo.ts")
  const home = bench.home({ "hub/plugins.toml": pluginsToml(plugin) })
  const { stop, url } = await serveHttp(home)
  bench.defer(stop)
  return url
}

const bare = async (bench: Bench): Promise<string> => {
  const child = Bun.spawn([await compile(bench, "one-tool-http")], { stdout: "pipe", stderr: "ignore" })
  bench.defer(async () => {
    child.kill()
    await child.exited
  })
  for await (const piece of child.stdout) return new TextDecoder().decode(piece).trim()
  throw new Error("the bare server has ended")
}

const perSecond = (value: number): string => `${Math.round(value)} calls/s`

export const figure: Figure = {
  name: "http",
  summary: "calls of a trivial tool over HTTP sessions, beside a bare server of the same SDK",
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const calls = bench.pick(100, 40)
    const [hub, peer] = [await side(await ours(bench), calls), await side(await bare(bench), calls)]
    const together = await interleave(bench.pick(15, 5), { hub: hub.together, peer: peer.together })
    const alone = await interleave(
      bench.pick(1_000, 200),
      { hub: () => timed(hub.alone), peer: () => timed(peer.alone) },
      50,
    )
    const rates = { hub: summary(together.hub), peer: summary(together.peer) }
    const times = { hub: summary(alone.hub), peer: summary(alone.peer) }
    return [
      {
        what: `a trivial tool over HTTP, ${clients} clients with a session each`,
        ours: perSecond(rates.hub.p50),
        beside: `bare server of the same SDK ${perSecond(rates.peer.p50)}`,
        compared: ratio(rates.hub.p50, rates.peer.p50),
        target: `≥ ${limit} ×`,
        met: rates.hub.p50 >= limit * rates.peer.p50,
        note: `n = ${rates.hub.n} rounds of ${clients * calls} calls; ${perSecond(rates.hub.min)} to ${perSecond(rates.hub.max)}`,
        numbers: rates,
      },
      {
        what: "… one client, one call after the other",
        ours: both(times.hub),
        beside: `bare server ${both(times.peer)}`,
        compared: `+ ${ms(times.hub.p50 - times.peer.p50)}`,
        note: `n = ${times.hub.n}`,
        numbers: times,
      },
    ]
  },
}
