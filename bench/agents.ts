/** The real agents against a model's server of ours: how soon a fallback is taken, what a dispatch adds, how fast output is read. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Schema } from "effect"
import { readRecordings } from "../core/testing/recordings.ts"
import { Failure } from "../core/plugin/Failure.ts"
import type { Decoder } from "../core/plugin/Agent.ts"
import { decoder as claude } from "../plugins/agent-claude/Decoder.ts"
import { Config } from "../plugins/agent-codex/Config.ts"
import { decoder as codex } from "../plugins/agent-codex/Decoder.ts"
import { launch } from "../plugins/agent-codex/Launch.ts"
import { decoder as gemini } from "../plugins/agent-gemini/Decoder.ts"
import { decoder as opencode } from "../plugins/agent-opencode/Decoder.ts"
import { type Cli, clis, plugin, programOf } from "../tests/agents/Clis.ts"
import { type ModelServer, startModelServer } from "../core/testing/model/Server.ts"
import { environment } from "../tests/support/hub.ts"
import type { Bench, Home, Server } from "./support/Bench.ts"
import { type Figure, type Row, Skipped } from "./support/Figure.ts"
import { dispatch, ended, events, prompt } from "./support/Runs.ts"
import { both, interleave, more, ms, ratio, summary, timed } from "./support/Samples.ts"

/** Seconds that the agent alone takes for a 429, as recorded: to watch it again would take as long. */
const alone: Readonly<Record<string, number>> = { claude: 175, gemini: 248, opencode: 87 }

const limits = { fallback: 20_000, at_once: 3000, added: 30, share: 1.1, speed: 50 }

const named = (name: string): Cli => {
  const cli = clis.find((one) => one.name === name)
  if (cli === undefined) throw new Error(`no agent ${name}`)
  return cli
}

/** What the agent keeps. */
const ownOf = (home: Home, { files, name }: Cli): string => {
  for (const [file, text] of Object.entries(files)) home.write(`${name}/${file}`, text)
  fs.mkdirSync(path.join(home.path, name), { recursive: true })
  return path.join(home.path, name)
}

const instance = (home: Home, models: ModelServer, cli: Cli, name: string, scenario: string): string =>
  plugin(cli, name, { home: ownOf(home, cli), url: models.at(scenario) })

/** `@of` keeps the counts of the scenarios apart. */
const refuses = (name: string): string => `e429@of=${name}`
const refusesLong = (name: string): string => `e429@retry=3600@of=${name}`

const started = async (server: Server, run_id: string): Promise<ReadonlyArray<number>> =>
  (await events(server, run_id)).events.filter(({ type }) => type === "attempt_started").map(({ at }) => at)

/** Milliseconds from the server's first 429 to the start of the next agent. */
const taken = async (server: Server, models: ModelServer, home: Home, first: string, scenario: string) => {
  const run_id = await dispatch(server, { prompt, agent: first, fallback: ["answers"], cwd: home.path })
  await ended(server, run_id)
  const [, next] = await started(server, run_id)
  const [refused] = models.asked(scenario)
  if (next === undefined || refused === undefined) throw new Error(`${first}: no fallback was taken`)
  return next - refused
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

/** All of them at once, for most of it is waiting. */
const fallbacks = async (server: Server, models: ModelServer, home: Home): Promise<ReadonlyArray<Row>> => {
  const names = Object.keys(alone)
  const all = (first: (name: string) => string, scenario: (name: string) => string) =>
    Promise.all(names.map((name) => taken(server, models, home, first(name), scenario(name))))
  const ours = await all((name) => `${name}-refused`, refuses)
  const long = await all((name) => `${name}-long`, refusesLong)
  return names.flatMap((name, index) => [
    fallbackRow(
      name,
      `${name} meets a 429 → next agent started, default settings`,
      ours[index],
      limits.fallback,
    ),
    fallbackRow(name, "… when the server asks to wait for an hour", long[index], limits.at_once),
  ])
}

const fallbackRow = (name: string, what: string, ours = Infinity, limit: number): Row => ({
  what,
  ours: seconds(ours),
  beside: `${name} alone ${alone[name]} s (recorded)`,
  compared: ratio(ours, (alone[name] ?? 0) * 1000),
  target: `≤ ${limit / 1000} s`,
  met: ours <= limit,
  numbers: { ours },
})

/** The same program with the same arguments, environment and prompt, started by hand. */
const byHand = (home: Home, models: ModelServer): (() => Promise<unknown>) => {
  const cli = named("codex")
  const given = { program: programOf(cli), ...cli.config({ home: ownOf(home, cli), url: models.at("text") }) }
  const dir = path.join(home.path, "by-hand")
  fs.mkdirSync(dir, { recursive: true })
  const request = { run_id: "r", attempt: 1, prompt, cwd: home.path, dir, prompt_file: `${dir}/prompt` }
  const start = launch(Schema.decodeUnknownSync(Config)(given), request)
  if (start instanceof Failure) throw start
  const { HUB_HOME: _home, ...env } = environment(home)
  return async () => {
    const child = Bun.spawn([start.program, ...start.args], {
      cwd: home.path,
      env: { ...env, TMPDIR: dir, ...start.env },
      stdin: new TextEncoder().encode(prompt),
      stdout: "pipe",
      stderr: "ignore",
    })
    const said = await child.stdout.text()
    if (!said.includes("turn.completed")) throw new Error(`codex by hand: ${said.slice(-300)}`)
    await child.exited
  }
}

const added = async (bench: Bench, server: Server, models: ModelServer, home: Home): Promise<Row> => {
  const hand = byHand(home, models)
  const whole = async () =>
    void (await ended(server, await dispatch(server, { prompt, agent: "codex", cwd: home.path })))
  const samples = await interleave(
    bench.pick(20, 8),
    { ours: () => timed(whole), hand: () => timed(hand) },
    2,
  )
  const [ours, floor] = [summary(samples.ours), summary(samples.hand)]
  return {
    what: "`codex exec`: dispatch → end told to the client",
    ours: both(ours),
    beside: `by hand ${both(floor)}`,
    compared: `${more(ours.p50 - floor.p50)}, ${ratio(ours.p50, floor.p50)}`,
    target: `≤ + ${limits.added} ms, ≤ ${limits.share} ×`,
    met: ours.p50 - floor.p50 <= limits.added && ours.p50 <= limits.share * floor.p50,
    note: `at the least ${ms(ours.min)} beside ${ms(floor.min)}`,
    numbers: { ours, floor },
  }
}

const decoders: Readonly<Record<string, () => Decoder>> = {
  claude: () => claude("claude"),
  codex: () => codex("codex", {}),
  gemini: () => gemini("gemini"),
  opencode: () => opencode("opencode"),
}

/** All recordings as one long stream. */
const recordedLines = (name: string): ReadonlyArray<string> => {
  const folder = path.join(import.meta.dir, "../plugins", `agent-${name}`, "fixtures")
  return Object.keys(readRecordings(folder).cases).flatMap((one) => {
    const file = path.join(folder, `${one}.jsonl`)
    return fs.existsSync(file)
      ? fs
          .readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => line !== "")
      : []
  })
}

/** MB for each second of a core, over the lines again and again: whoever else works here takes no part in it. */
const speed = (lines: ReadonlyArray<string>, read: () => void): number => {
  const size = lines.reduce((sum, line) => sum + line.length + 1, 0)
  for (let warm = 0; warm < 20; warm++) read()
  const start = process.cpuUsage()
  const spent = () => {
    const { system, user } = process.cpuUsage(start)
    return system + user
  }
  let rounds = 0
  for (; spent() < 500_000; rounds++) read()
  return (rounds * size) / spent()
}

const reading = (name: string, fresh: () => Decoder): Row => {
  const lines = recordedLines(name)
  const ours = speed(lines, () => {
    const decoder = fresh()
    for (const line of lines) decoder.feed(line, "stdout")
    decoder.end({ code: 0, signal: null, timed_out: false, lost: false, ended_at: 0 })
  })
  const floor = speed(lines, () => lines.forEach((line) => line.startsWith("{") && parsed(line)))
  return {
    what: `reading what ${name} wrote, all recordings as one stream`,
    ours: `${ours.toFixed(0)} MB/s`,
    beside: `JSON.parse alone ${floor.toFixed(0)} MB/s`,
    compared: ratio(ours, floor),
    target: `≥ ${limits.speed} MB/s`,
    met: ours >= limits.speed,
    note: "by the time of a core",
    numbers: { ours, floor },
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export const figure: Figure = {
  name: "agents",
  summary: "the real agents offline: fallback after a 429, what a dispatch adds, reading their output",
  run: async (bench) => {
    const missing = [...Object.keys(alone), "codex"].filter((name) => programOf(named(name)) === undefined)
    if (missing.length > 0)
      throw new Skipped(`${missing.join(", ")} not in the cache: \`bun run test:agents\` installs them`)
    const models = await startModelServer()
    bench.defer(models.stop)
    const home = bench.home({})
    const first = Object.keys(alone).flatMap((name) => [
      instance(home, models, named(name), `${name}-refused`, refuses(name)),
      instance(home, models, named(name), `${name}-long`, refusesLong(name)),
    ])
    const rest = ["answers", "codex"].map((name) => instance(home, models, named("codex"), name, "text"))
    home.write("hub/plugins.toml", [...first, ...rest].join(""))
    const server = await bench.hub(home)
    return [
      await added(bench, server, models, home),
      ...(await fallbacks(server, models, home)),
      ...Object.entries(decoders).map(([name, fresh]) => reading(name, fresh)),
    ]
  },
}
