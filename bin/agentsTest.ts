/**
 * `bun run test:agents`: the real agents, installed from npm, against a model's server on this machine, each driven through the hub.
 *
 * Arguments choose agents and cases by name; `--hub FILE` takes another build than dist/hub.
 */
import { parseArgs } from "node:util"
import { driveAcp, speakers } from "../tests/agents/acp.ts"
import { cases, endOf } from "../tests/agents/Cases.ts"
import { type Cli, clis, install } from "../tests/agents/Clis.ts"
import { doctor } from "../tests/agents/doctor.ts"
import { Lane, type Result } from "../tests/agents/Lane.ts"
import { registration } from "../tests/agents/registration.ts"
import { sessions } from "../tests/agents/sessions.ts"
import { startModelServer } from "../core/testing/model/Server.ts"
import { binary, ensureBuilt } from "./binary.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { hub: { type: "string" } },
})

const wantedOf = <A extends { readonly name: string }>(all: ReadonlyArray<A>): ReadonlyArray<A> => {
  const named = all.filter(({ name }) => positionals.includes(name))
  return named.length === 0 ? all : named
}

/** Groups of cases that bring their own. */
const groups = [{ name: "doctor" }, { name: "sessions" }, { name: "registration" }, { name: "acp" }]

const isWanted = (name: string): boolean => {
  const named = [...cases, ...groups].filter((one) => positionals.includes(one.name))
  return named.length === 0 || named.some((one) => one.name === name)
}

/** Agents at work at a time: with more, some are slow enough to be taken for silent. */
const at_once = 4

/** The agent that answers where this one fails: the nearest that is there. */
const nextOf = async (cli: Cli): Promise<Cli> => {
  const place = clis.indexOf(cli)
  for (const other of [...clis.slice(place + 1), ...clis.slice(0, place)])
    if ((await install(other)) === undefined) return other
  return cli
}

const mark = ({ wrong }: Result): string => (wrong.length === 0 ? "ok    " : "FAILED")

const line = (result: Result): string =>
  [
    `${mark(result)}  ${result.agent.padEnd(9)} ${result.name.padEnd(14)} ${String(result.ms).padStart(6)} ms  ${result.got}`,
    ...result.wrong.map((one) => `          ${one}`),
  ].join("\n")

/** Agent × case: the class, or that it answered. */
const matrix = (results: ReadonlyArray<Result>): string => {
  const agents = clis.map(({ name }) => name).filter((name) => results.some(({ agent }) => agent === name))
  const cellOf = (agent: string, name: string): string => {
    const found = results.find((one) => one.agent === agent && one.name === name)
    if (found === undefined) return ""
    return `${found.wrong.length === 0 ? "" : "✗ "}${found.got.startsWith('"') ? "answers" : found.got} ${found.ms} ms`
  }
  const names = [...new Set(results.map(({ name }) => name))]
  const rows = names.map((name) => [name, ...agents.map((agent) => cellOf(agent, name))])
  return [["", ...agents], ...rows]
    .map(([name = "", ...cells]) =>
      [name.padEnd(14), ...cells.map((cell) => cell.padEnd(26))].join(" ").trimEnd(),
    )
    .join("\n")
}

const main = async (): Promise<number> => {
  if (values.hub === undefined && !(await ensureBuilt())) return 1
  const models = await startModelServer()
  const results: Array<Result> = []
  const skipped: Array<string> = []
  const program = values.hub ?? binary
  const tell = (result: Result): void => {
    results.push(result)
    console.log(line(result))
  }
  const drive = async (cli: Cli): Promise<void> => {
    const missing = await install(cli)
    if (missing !== undefined) return void skipped.push(`${cli.name}: ${missing}`)
    const lane = new Lane(cli, await nextOf(cli), models, program)
    try {
      for (const one of cases)
        if (isWanted(one.name) && endOf(one, cli.name) !== undefined) tell(await lane.run(one))
    } finally {
      lane.end()
    }
    if (isWanted("doctor")) tell(await doctor(cli, program))
    if (isWanted("sessions")) for (const result of await sessions(cli, models, program)) tell(result)
    if (isWanted("registration")) for (const result of await registration(cli, models, program)) tell(result)
    if (isWanted("acp") && speakers.includes(cli.name)) await driveAcp(cli, models, program, [], tell)
  }
  try {
    const left = [...wantedOf(clis)]
    const one = async (): Promise<void> => {
      for (let cli = left.shift(); cli !== undefined; cli = left.shift()) await drive(cli)
    }
    await Promise.all(Array.from({ length: at_once }, one))
  } finally {
    await models.stop()
  }
  console.log(`\n${matrix(results)}\n`)
  for (const one of skipped) console.log(`skipped  ${one}`)
  const failed = results.filter(({ wrong }) => wrong.length > 0)
  console.log(
    `${results.length - failed.length} as they must be, ${failed.length} not, ${skipped.length} agents skipped`,
  )
  return failed.length === 0 ? 0 : 1
}

process.exitCode = await main()
