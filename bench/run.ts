/** `bun run bench [NAME…] [--quick] [--json]`: measures the promises, each beside a floor or a peer in the same run. */
import * as os from "node:os"
import { parseArgs } from "node:util"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { figure as agents } from "./agents.ts"
import { figure as attempt } from "./attempt.ts"
import { figure as dispatch } from "./dispatch.ts"
import { figure as events } from "./events.ts"
import { figure as fallback } from "./fallback.ts"
import { figure as followers } from "./followers.ts"
import { figure as gigabyte } from "./gigabyte.ts"
import { figure as http } from "./http.ts"
import { figure as hundred } from "./hundred.ts"
import { figure as idle } from "./idle.ts"
import { figure as line } from "./line.ts"
import { figure as past } from "./past.ts"
import { figure as peers } from "./peers.ts"
import { figure as shim } from "./shim.ts"
import { figure as soak } from "./soak.ts"
import { figure as start } from "./start.ts"
import { Bench } from "./support/Bench.ts"
import { type Figure, type Row, Skipped } from "./support/Figure.ts"
import { table, verdict } from "./support/Table.ts"
import { figure as version } from "./version.ts"

const figures = [
  version,
  start,
  dispatch,
  past,
  attempt,
  fallback,
  line,
  hundred,
  gigabyte,
  events,
  shim,
  http,
  peers,
  followers,
  idle,
  soak,
  agents,
]

/** Milliseconds that one figure may take; all of them together stay below ten minutes, or two. */
const patience = { whole: 120_000, quick: 40_000 }

const usage = `Usage: bun run bench [NAME…] [--quick] [--json]

${figures.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n")}

  --quick    fewer samples: below two minutes instead of ten
  --json     one JSON object on stdout, with the numbers behind the table`

class Refused extends Error {}

const options = () => {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } },
    })
    return {
      names: positionals,
      quick: values.quick === true,
      json: values.json === true,
      help: values.help === true,
    }
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  }
}

const chosen = (names: ReadonlyArray<string>): ReadonlyArray<Figure> => {
  const strangers = names.filter((name) => !figures.some((figure) => figure.name === name))
  if (strangers.length > 0) throw new Refused(`no figure ${strangers.join(", ")}\n${usage}`)
  return names.length === 0
    ? figures.filter(({ patience }) => patience === undefined)
    : figures.filter(({ name }) => names.includes(name))
}

const expiry = (limit: number): { readonly promise: Promise<never>; readonly stop: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not done within ${limit / 1000} s`)), limit)
  return { promise, stop: () => clearTimeout(timer) }
}

interface Outcome {
  readonly rows: ReadonlyArray<Row>
  readonly broken?: string
}

let current: Bench | undefined

const measure = async (figure: Figure, quick: boolean): Promise<Outcome> => {
  const bench = (current = new Bench(quick))
  const expired = expiry(figure.patience ?? (quick ? patience.quick : patience.whole))
  const work = figure.run(bench)
  // When the time is up its hubs are ended, and what it still waits for fails unheard.
  work.catch(() => undefined)
  try {
    return { rows: await Promise.race([work, expired.promise]) }
  } catch (error) {
    if (!(error instanceof Skipped)) return { rows: [], broken: `${figure.name}: ${String(error)}` }
    const skipped = {
      what: figure.name,
      ours: "",
      beside: "",
      compared: "",
      target: "skipped",
      note: error.message,
    }
    return { rows: [skipped] }
  } finally {
    expired.stop()
    await bench.end()
  }
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)

const all = async (wanted: ReadonlyArray<Figure>, quick: boolean): Promise<ReadonlyArray<Outcome>> => {
  const outcomes: Array<Outcome> = []
  for (const [index, figure] of wanted.entries()) {
    say(`${index + 1}/${wanted.length} ${figure.name}: ${figure.summary}`)
    const start = performance.now()
    const outcome = await measure(figure, quick)
    outcomes.push(outcome)
    for (const row of outcome.rows) bulletin(row)
    if (outcome.broken !== undefined) say(`  broken: ${outcome.broken}`)
    say(`  ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
  return outcomes
}

const bulletin = (row: Row): void =>
  say(`  ${row.what}: ${row.ours} | ${row.beside} | ${row.compared} ${verdict(row).replaceAll("*", "")}`)

const machine = () => ({
  hub: Bun.spawnSync([binary, "--version"]).stdout.toString().trim(),
  bun: Bun.version,
  system: `${process.platform} ${process.arch}, ${os.release()}`,
  cores: os.availableParallelism(),
  load: os.loadavg().map((load) => Math.round(load * 100) / 100),
  at: new Date().toISOString(),
})

const main = async (): Promise<number> => {
  const { help, json, names, quick } = options()
  if (help) {
    console.log(usage)
    return 0
  }
  const wanted = chosen(names)
  if (!(await ensureBuilt())) throw new Refused("dist/hub could not be built, so there is nothing to measure")
  const facts = machine()
  const outcomes = await all(wanted, quick)
  const rows = outcomes.flatMap((outcome) => outcome.rows)
  const broken = outcomes.flatMap((outcome) => outcome.broken ?? [])
  console.log(
    json
      ? JSON.stringify({ ...facts, quick, rows, broken })
      : `\n${table(rows)}\n\n${facts.hub}, Bun ${facts.bun}, ${facts.system}, ${facts.cores} cores, load ${facts.load.join(" ")}, ${facts.at}${quick ? ", quick" : ""}`,
  )
  for (const one of broken) say(`broken: ${one}`)
  return broken.length === 0 ? 0 : 1
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => void (current?.end() ?? Promise.resolve()).then(() => process.exit(130)))

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Refused ? `bench: ${error.message}` : error)
  process.exitCode = 2
}
