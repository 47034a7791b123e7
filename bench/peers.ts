/** The way through the hub to a trivial tool, beside programs from npm that lead to one. */
import { binary } from "../bin/binary.ts"
import { environment } from "../tests/support/hub.ts"
import type { Bench } from "./support/Bench.ts"
import { connected } from "./support/Client.ts"
import { type Figure, type Row, Skipped } from "./support/Figure.ts"
import { bareOverHttp, clients, echoPlugin, hubOverHttp } from "./support/Http.ts"
import { inFlight, perSecond, type Side, side } from "./support/Load.ts"
import { fetched, freePort } from "./support/Packages.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ms, ratio, summary, timed } from "./support/Samples.ts"

const versions = { supergateway: "4.0.0", "mcp-proxy": "6.7.19" } as const
const window = 16

/** Starts a program that serves, and gives its address once it answers there. */
const serving = async (bench: Bench, argv: (port: string) => ReadonlyArray<string>): Promise<string> => {
  const port = await freePort()
  const child = Bun.spawn([...argv(String(port))], { stdio: ["ignore", "ignore", "ignore"] })
  bench.defer(async () => {
    child.kill("SIGTERM")
    if ((await Promise.race([child.exited, Bun.sleep(3_000)])) === undefined) child.kill("SIGKILL")
    await child.exited
  })
  const url = `http://127.0.0.1:${port}`
  while (child.exitCode === null && child.signalCode === null) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answers) return url
    await Bun.sleep(20)
  }
  throw new Error(`${argv("PORT").join(" ")} ended with ${child.exitCode}`)
}

type Name = "hub" | keyof typeof versions
type Sides = Readonly<Partial<Record<Name, Side>>> & { readonly hub: Side }

/** HTTP in front of a server that speaks stdio, a session for each of many clients. */
const overHttp = async (bench: Bench, programs: Programs, oneTool: string): Promise<Sides> => {
  const calls = bench.pick(50, 20)
  const at = async (url: string) => side(await clients(url, window), calls)
  const { node, proxy, gateway } = programs
  const loopback = `--import=${new URL("fixtures/loopback.mjs", import.meta.url).href}`
  const asHttp = [
    "--stdio",
    oneTool,
    "--outputTransport",
    "streamableHttp",
    "--stateful",
    "--logLevel",
    "none",
  ]
  const asStream = ["--host", "127.0.0.1", "--server", "stream"]
  return {
    hub: await at(await hubOverHttp(bench)),
    supergateway: await at(
      await serving(bench, (port) => [node, loopback, gateway, ...asHttp, "--port", port]),
    ),
    "mcp-proxy": await at(
      await serving(bench, (port) => [node, proxy, ...asStream, "--port", port, "--", oneTool]),
    ),
  }
}

/** Stdio in front of a server elsewhere: what the shim does. `mcp-proxy` does not go this way. */
const overStdio = async (bench: Bench, { gateway, node }: Programs): Promise<Sides> => {
  const calls = bench.pick(50, 20)
  const of = async (...given: Parameters<typeof connected>) => {
    const client = await connected(...given)
    return side(
      inFlight(() => client.echo(), window),
      calls,
    )
  }
  const home = bench.home(echoPlugin())
  const url = await bareOverHttp(bench, await compile(bench, "one-tool-http"))
  return {
    hub: await of(bench, [binary, "serve", "--stdio"], { cwd: home.path, env: environment(home) }),
    supergateway: await of(bench, [node, gateway, "--streamableHttp", `${url}/mcp`, "--logLevel", "none"]),
  }
}

interface Programs {
  readonly node: string
  readonly gateway: string
  readonly proxy: string
}

const programs = async (bench: Bench): Promise<Programs> => {
  const node = Bun.which("node")
  if (node === null) throw new Skipped("there is no node, which supergateway and mcp-proxy run on")
  const found = await fetched(bench, versions)
  return { node, gateway: found.supergateway, proxy: found["mcp-proxy"] }
}

const mapped = <A>(sides: Sides, make: (side: Side) => A): Record<string, A> =>
  Object.fromEntries(Object.entries(sides).map(([name, one]) => [name, make(one)]))

/** One call after the other, then many at once: the hub beside each of the others. */
const rows = async (bench: Bench, what: string, sides: Sides): Promise<ReadonlyArray<Row>> => {
  const alone = await interleave(
    bench.pick(500, 100),
    mapped(
      sides,
      ({ alone }) =>
        () =>
          timed(alone),
    ),
    50,
  )
  const together = await interleave(
    bench.pick(10, 4),
    mapped(sides, (one) => one.together),
    1,
  )
  const times = Object.entries(alone).map(([name, taken]) => ({ name, ...summary(taken) }))
  const rates = Object.entries(together).map(([name, taken]) => ({ name, ...summary(taken) }))
  const [time, ...otherTimes] = times
  const [rate, ...otherRates] = rates
  if (time === undefined || rate === undefined) throw new Error("nothing was measured")
  const ratios = (ours: number, others: ReadonlyArray<{ readonly p50: number }>) =>
    others.map(({ p50 }) => ratio(ours, p50)).join(", ")
  return [
    {
      what: `${what}, one call after the other`,
      ours: both(time),
      beside: otherTimes.map((one) => `${one.name} ${both(one)}`).join(", "),
      compared: ratios(time.p50, otherTimes),
      target: "< each",
      met: otherTimes.every(({ p50 }) => time.p50 < p50),
      note: `n = ${time.n}, fastest ${ms(time.min)}`,
      numbers: { times },
    },
    {
      what: `… ${window} calls under way`,
      ours: perSecond(rate.p50),
      beside: otherRates.map((one) => `${one.name} ${perSecond(one.p50)}`).join(", "),
      compared: ratios(rate.p50, otherRates),
      target: "> each",
      met: otherRates.every(({ p50 }) => rate.p50 > p50),
      note: `n = ${rate.n} rounds`,
      numbers: { rates },
    },
  ]
}

export const figure: Figure = {
  name: "peers",
  summary: "calls of a trivial tool through the hub, beside supergateway and mcp-proxy from npm",
  run: async (bench): Promise<ReadonlyArray<Row>> => {
    const all = await programs(bench)
    const oneTool = await compile(bench, "one-tool")
    const http = await rows(bench, "a trivial tool behind HTTP sessions", await overHttp(bench, all, oneTool))
    const stdio = await rows(bench, "a trivial tool elsewhere, over stdio", await overStdio(bench, all))
    return [...http, ...stdio]
  },
}
