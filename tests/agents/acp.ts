/** Real agents over the Agent Client Protocol: what they ask stands in their run, and `hub answer` lets them go on. */
import * as fs from "node:fs"
import * as path from "node:path"
import { toml } from "../../core/docs/Markdown.ts"
import type { Place } from "../../core/testing/model/Clis.ts"
import type { ModelServer } from "../../core/testing/model/Server.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { documentOf, type Home, makeHome, run, until } from "../support/hub.ts"
import { type Case, cases, type Said } from "./acp/Cases.ts"
import { type Speaker, speakerOf } from "./acp/Speakers.ts"
import type { Cli } from "./Clis.ts"
import type { Result } from "./Lane.ts"

export { speakers } from "./acp/Speakers.ts"

interface RunView {
  readonly run_id: string
  readonly state: string
  readonly answer?: string
  readonly failure?: { readonly class: string; readonly message: string }
  readonly questions?: Readonly<Record<string, Question>>
  /** Instead of a run. */
  readonly error?: { readonly message: string }
}

interface Question {
  readonly command?: string
  readonly diff?: string
}

interface Event {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** One agent, its program, and the home that its cases run in. */
interface Stage {
  readonly cli: Cli
  readonly speaker: Speaker
  readonly models: ModelServer
  readonly home: Home
}

const nameOf = ({ cli }: Stage, one: Case): string => `${cli.name}-${one.name}`

const folderOf = ({ home }: Stage, one: Case): string => path.join(home.path, "work", one.name)

/** What the agent keeps. Of one that is pointed at its model by a file, of one case alone. */
const ownOf = ({ cli }: Stage, one: Case): string =>
  cli.pointed === undefined ? "agent" : `agents/${one.name}`

const placeOf = (stage: Stage, one: Case): Place => ({
  home: path.join(stage.home.path, ownOf(stage, one)),
  url: stage.models.at(scenarioOf(stage, one)),
})

const scenarioOf = (stage: Stage, one: Case): string => {
  if (one.scenario === "shell" && one.permission !== "bypass") return stage.speaker.shell
  if (one.scenario === "write") return `write@cwd=${folderOf(stage, one)}`
  return one.scenario.replaceAll("AGENT", stage.cli.name).replaceAll("CWD", folderOf(stage, one))
}

const pluginOf = (stage: Stage, one: Case): string => {
  const { cli, speaker } = stage
  const config = {
    preset: cli.name,
    program: speaker.program,
    ...speaker.config(placeOf(stage, one)),
    ...one.config,
  }
  const lines = Object.entries(config).map(([key, value]) => `${key} = ${toml(value)}`)
  const name = nameOf(stage, one)
  return `[plugin.${name}]\nuse = "agent-acp"\n[plugin.${name}.config]\n${lines.join("\n")}\n\n`
}

const stepOf = (id: string, agent: string, { permission }: Case, more: ReadonlyArray<string> = []): string =>
  [
    `[step.${id}]`,
    'type = "agent"',
    `agent = "${agent}"`,
    `prompt = "${id}: do the work"`,
    `permission = "${permission}"`,
    'timeout = "90 seconds"',
    'patience = "3 seconds"',
    ...more,
  ].join("\n")

const pipelineOf = (stage: Stage, one: Case): string => {
  const agent = nameOf(stage, one)
  const first = stepOf("first", agent, one)
  if (one.goes_on !== true) return ['run = ["first"]', first].join("\n\n")
  const second = stepOf("second", agent, one, ['session = "first"'])
  return ['run = ["first", "second"]', first, second].join("\n\n")
}

const write = (stage: Stage, wanted: ReadonlyArray<Case>): void => {
  const { cli, home } = stage
  for (const one of wanted) {
    const place = placeOf(stage, one)
    fs.mkdirSync(place.home, { recursive: true })
    for (const [file, text] of Object.entries({ ...cli.files, ...cli.pointed?.(place) }))
      home.write(`${ownOf(stage, one)}/${file}`, text)
    const cwd = folderOf(stage, one)
    fs.mkdirSync(cwd, { recursive: true })
    Bun.spawnSync(["git", "init", "-q"], { cwd, env: { PATH: process.env["PATH"] ?? "" } })
    home.write(`hub/pipelines/${nameOf(stage, one)}.toml`, pipelineOf(stage, one))
  }
  home.write("hub/plugins.toml", wanted.map((one) => pluginOf(stage, one)).join(""))
}

class Driver {
  readonly #stage: Stage
  readonly #program: string

  constructor(stage: Stage, program: string) {
    this.#stage = stage
    this.#program = program
  }

  async #hub<A>(...args: ReadonlyArray<string>): Promise<A> {
    return documentOf<A>(await run(this.#stage.home, [...args, "--json"], { program: this.#program }))
  }

  #show(run_id: string): Promise<RunView> {
    return this.#hub("runs", "show", run_id, "--wait-seconds", "60")
  }

  async drive(one: Case): Promise<Result> {
    const start = performance.now()
    const cwd = folderOf(this.#stage, one)
    const dispatch = ["dispatch", "--pipeline", nameOf(this.#stage, one), "--cwd", cwd, "do the work"]
    const { error, run_id } = await this.#hub<RunView>(...dispatch)
    if (error !== undefined) throw new Error(`${nameOf(this.#stage, one)}: ${error.message}`)
    const wrong: Array<string> = []
    if (one.said !== undefined) wrong.push(...(await this.#answered(run_id, one.said)))
    if (one.cancelled !== undefined) wrong.push(...(await this.#cancelled(run_id, one)))
    const view = await this.#show(run_id)
    wrong.push(...wrongEnd(view, one), ...wrongProof(cwd, one.proof))
    wrong.push(...(await this.#wrongDecision(run_id, one.because)))
    wrong.push(...processesOf([run_id]).map((pid) => `process ${pid} is left`))
    const got = view.failure?.class ?? JSON.stringify((view.answer ?? view.state).slice(0, 40))
    return {
      agent: this.#stage.cli.name,
      name: one.name,
      got,
      ms: Math.round(performance.now() - start),
      wrong,
    }
  }

  async #question(run_id: string): Promise<Question | string> {
    const { questions = {}, state } = await this.#show(run_id)
    return Object.values(questions)[0] ?? `asked nothing: ${state}`
  }

  async #answered(run_id: string, { choice, shown }: Said): Promise<ReadonlyArray<string>> {
    const question = await this.#question(run_id)
    if (typeof question === "string") return [question]
    await this.#hub("answer", run_id, choice)
    const all = `${question.command ?? ""}${question.diff ?? ""}`
    return all.includes(shown) ? [] : [`must show ${shown}; shows ${JSON.stringify(question)}`]
  }

  async #cancelled(run_id: string, one: Case): Promise<ReadonlyArray<string>> {
    const { models } = this.#stage
    const scenario = scenarioOf(this.#stage, one)
    if (one.cancelled === "asked the model")
      await until("a request to the model", () => models.asked(scenario).length > 0)
    const question = one.cancelled === "asked the model" ? {} : await this.#question(run_id)
    await this.#hub("runs", "cancel", run_id)
    return typeof question === "string" ? [question] : []
  }

  async #wrongDecision(run_id: string, because: string | undefined): Promise<ReadonlyArray<string>> {
    if (because === undefined) return []
    const { events } = await this.#hub<{ readonly events: ReadonlyArray<Event> }>("runs", "events", run_id)
    const told = events.filter(({ type }) => type === "permission_decided").map(({ data }) => data["because"])
    return told.includes(because) ? [] : [`nothing was decided because of ${because}; but ${told.join(", ")}`]
  }
}

const wrongEnd = ({ answer = "", failure, state }: RunView, { end }: Case): ReadonlyArray<string> => {
  const said =
    failure === undefined ? `${state} ${JSON.stringify(answer)}` : `${failure.class}: ${failure.message}`
  const isRight =
    "class" in end ? failure?.class === end.class : state === "succeeded" && answer.includes(end.answer)
  return isRight ? [] : [`must be ${JSON.stringify(end)}; ${said}`]
}

const wrongProof = (cwd: string, wanted: string | null | undefined): ReadonlyArray<string> => {
  if (wanted === undefined) return []
  const file = path.join(cwd, "proof.txt")
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined
  if (wanted === null) return text === undefined ? [] : ["proof.txt was written"]
  return text?.includes(wanted) === true ? [] : [`proof.txt has ${text ?? "nothing"}`]
}

const missing = (cli: Cli, why: string): Result => ({
  agent: cli.name,
  name: "acp",
  got: "not installed",
  ms: 0,
  wrong: [why],
})

/** One installed agent through all cases, with a home and a daemon of its own. `only`: these cases. */
export const driveAcp = async (
  cli: Cli,
  models: ModelServer,
  program: string,
  only: ReadonlyArray<string> = [],
  tell: (result: Result) => void = () => undefined,
): Promise<void> => {
  const speaker = await speakerOf(cli)
  if (typeof speaker === "string") return tell(missing(cli, speaker))
  const home = makeHome()
  const stage = { cli, speaker, models, home }
  const wanted = cases.filter(
    ({ agents = [cli.name], name }) =>
      agents.includes(cli.name) && (only.length === 0 || only.includes(name)),
  )
  try {
    write(stage, wanted)
    const driver = new Driver(stage, program)
    for (const one of wanted) tell(await driver.drive(one))
  } finally {
    home.remove()
  }
}
