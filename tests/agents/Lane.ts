/** One agent with a home and a daemon of its own, put through its cases one after the other. */
import * as fs from "node:fs"
import * as path from "node:path"
import { processesOf } from "../../core/testing/processes.ts"
import { documentOf, type Home, makeHome, run, until } from "../support/hub.ts"
import {
  type Case,
  cases,
  type End,
  endOf,
  eventOf,
  pipelineOf,
  pluginOf,
  scenarioOf,
  secondOf,
  tokensOf,
} from "./Cases.ts"
import { type Cli, filesOf, plugin } from "./Clis.ts"
import type { ModelServer } from "../../core/testing/model/Server.ts"

export interface Result {
  readonly agent: string
  readonly name: string
  /** The class it failed with, or the beginning of what it answered. */
  readonly got: string
  readonly ms: number
  /** What is not as it must be. */
  readonly wrong: ReadonlyArray<string>
}

interface RunView {
  readonly run_id: string
  readonly state: string
  readonly answer?: string
  readonly attempts?: ReadonlyArray<{ readonly usage?: Readonly<Record<string, number>> }>
  readonly failure?: { readonly class: string; readonly message: string }
}

interface Event {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Nobody listens there. */
const nowhere = "http://127.0.0.1:9"

export class Lane {
  readonly #cli: Cli
  readonly #next: Cli
  readonly #models: ModelServer
  readonly #program: string
  readonly home: Home

  /** `next`: who answers where `cli` fails. */
  constructor(cli: Cli, next: Cli, models: ModelServer, program: string) {
    this.#cli = cli
    this.#next = next
    this.#models = models
    this.#program = program
    this.home = makeHome()
    this.#write()
  }

  #write(): void {
    const { name } = this.#cli
    const mine = cases.filter((one) => endOf(one, name) !== undefined)
    const plugins = mine.map((one) =>
      this.#plugin(this.#cli, pluginOf(name, one), this.#url(one), one.config),
    )
    plugins.push(this.#plugin(this.#next, secondOf(name), this.#models.at("text")))
    this.home.write("hub/plugins.toml", plugins.join(""))
    for (const one of mine)
      this.home.write(`hub/pipelines/${pluginOf(name, one)}.toml`, pipelineOf(name, one))
  }

  /** Agents that can be pointed by their environment keep one folder for all cases. */
  #plugin(cli: Cli, name: string, url: string, more?: Case["config"]): string {
    const own = cli.pointed === undefined ? cli.name : `agents/${name}`
    const place = { home: path.join(this.home.path, own), url }
    fs.mkdirSync(place.home, { recursive: true })
    for (const [file, text] of Object.entries(filesOf(cli, place))) this.home.write(`${own}/${file}`, text)
    return plugin(cli, name, place, more)
  }

  #scenario(one: Case): string | undefined {
    const { name } = this.#cli
    return scenarioOf(one, name)?.replace("AGENT", name).replace("CWD", this.#cwd(one))
  }

  #cwd(one: Case): string {
    return path.join(this.home.path, "work", pluginOf(this.#cli.name, one))
  }

  #url(one: Case): string {
    const scenario = this.#scenario(one)
    return scenario === undefined ? nowhere : this.#models.at(scenario)
  }

  #hub(...args: ReadonlyArray<string>) {
    return run(this.home, [...args, "--json"], { program: this.#program })
  }

  async run(one: Case): Promise<Result> {
    const agent = this.#cli.name
    const cwd = this.#cwd(one)
    fs.mkdirSync(cwd, { recursive: true })
    Bun.spawnSync(["git", "init", "-q"], {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", HOME: this.home.path },
    })
    const start = performance.now()
    const dispatch = ["dispatch", "--pipeline", pluginOf(agent, one), "--cwd", cwd]
    const view =
      one.cancelled === true
        ? await this.#cancel(one, dispatch)
        : documentOf<RunView>(await this.#hub(...dispatch, "--wait", "do the work"))
    const ms = Math.round(performance.now() - start)
    // The hub took none.
    if (view.attempts === undefined)
      return { agent, name: one.name, got: "no run", ms, wrong: [JSON.stringify(view)] }
    const wrong = [
      ...wrongEnd(view, endOf(one, agent)),
      ...wrongProof(cwd, one.proof),
      ...wrongTokens(view, tokensOf(one, agent)),
      ...(await this.#wrongEvents(view, eventOf(one, agent))),
      ...processesOf([view.run_id]).map((pid) => `process ${pid} is left`),
      ...leftIn(this.home, view.run_id),
    ]
    return { agent, name: one.name, got: gotOf(view), ms, wrong }
  }

  async #cancel(one: Case, dispatch: ReadonlyArray<string>): Promise<RunView> {
    const { run_id } = documentOf<RunView>(await this.#hub(...dispatch, "do the work"))
    await until("a request to the model", () => this.#models.asked(this.#scenario(one) ?? "").length > 0)
    await this.#hub("runs", "cancel", run_id)
    return documentOf<RunView>(await this.#hub("runs", "show", run_id))
  }

  async #wrongEvents({ run_id }: RunView, wanted: string | undefined): Promise<ReadonlyArray<string>> {
    if (wanted === undefined) return []
    const { events } = documentOf<{ events: ReadonlyArray<Event> }>(await this.#hub("runs", "events", run_id))
    return events.some(({ type }) => type === wanted)
      ? []
      : [`no ${wanted} among ${[...new Set(events.map(({ type }) => type))].join(", ")}`]
  }

  end(): void {
    this.home.remove()
  }
}

const gotOf = ({ answer, failure, state }: RunView): string =>
  failure?.class ?? (answer === undefined ? state : JSON.stringify(answer.slice(0, 40)))

const wrongEnd = ({ answer = "", failure, state }: RunView, end: End | undefined): ReadonlyArray<string> => {
  if (end === undefined) return []
  const said =
    failure === undefined
      ? `answered ${JSON.stringify(answer.slice(0, 300))}`
      : `${failure.class}: ${failure.message}`
  if ("class" in end) return failure?.class === end.class ? [] : [`must be ${end.class}; ${said}`]
  return state === "succeeded" && answer.includes(end.answer)
    ? []
    : [`must answer ${JSON.stringify(end.answer)}; ${said}`]
}

const wrongProof = (cwd: string, wanted: string | null | undefined): ReadonlyArray<string> => {
  if (wanted === undefined) return []
  const file = path.join(cwd, "proof.txt")
  if (wanted === null) return fs.existsSync(file) ? ["it wrote a file"] : []
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "nothing"
  return text.includes(wanted) ? [] : [`proof.txt has ${text}`]
}

const wrongTokens = ({ attempts = [] }: RunView, wanted: number | undefined): ReadonlyArray<string> => {
  const told = attempts.at(-1)?.usage?.["input_tokens"]
  return wanted === undefined || told === wanted ? [] : [`used ${told} input tokens instead of ${wanted}`]
}

/** What an attempt put into its temporary folder is gone with it. */
const leftIn = (home: Home, run_id: string): ReadonlyArray<string> => {
  const run = path.join(home.path, "hub", "runs", run_id)
  if (!fs.existsSync(run)) return []
  return fs
    .readdirSync(run)
    .filter((attempt) => fs.existsSync(path.join(run, attempt, "tmp")))
    .map((attempt) => `attempt ${attempt} left its temporary folder`)
}
