/** Real agents over the Agent Client Protocol: what they ask stands in their run, and `hub answer` lets them go on. */
import * as fs from "node:fs"
import * as path from "node:path"
import { toml } from "../../core/docs/Markdown.ts"
import type { ModelServer } from "../../core/testing/model/Server.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { documentOf, type Home, makeHome, run, until } from "../support/hub.ts"
import { type Cli, programOf } from "./Clis.ts"
import type { Result } from "./Lane.ts"

/** Agents of npm that speak the protocol themselves. */
export const speakers: ReadonlyArray<string> = ["gemini", "opencode"]

interface RunView {
  readonly run_id: string
  readonly state: string
  readonly answer?: string
  readonly failure?: { readonly class: string; readonly message: string }
  readonly questions?: Readonly<Record<string, { readonly command?: string; readonly diff?: string }>>
}

interface Case {
  readonly name: string
  readonly scenario: string
  readonly permission: string
  readonly policy?: ReadonlyArray<Readonly<Record<string, string>>>
  /** What is said to the question, and what must be in it. */
  readonly said?: { readonly choice: string; readonly shown: string }
  readonly goes_on?: boolean
  /** Only of this agent. */
  readonly only?: string
  readonly cancelled?: boolean
  readonly end: { readonly answer: string } | { readonly class: string }
  /** Is in `proof.txt` afterwards; null: there is none. */
  readonly proof?: string | null
}

const command = "mock-tool-ran"

const cases: ReadonlyArray<Case> = [
  { name: "acp-text", scenario: "text", permission: "ask", end: { answer: "Hello from the mock model." } },
  {
    name: "acp-allowed",
    scenario: "shell",
    permission: "ask",
    said: { choice: "allow", shown: command },
    end: { answer: command },
    proof: command,
  },
  {
    name: "acp-denied",
    scenario: "shell",
    permission: "ask",
    said: { choice: "deny", shown: command },
    end: { answer: "" },
    proof: null,
  },
  {
    name: "acp-change",
    scenario: "write",
    permission: "ask",
    said: { choice: "allow", shown: "written-by-mock" },
    end: { answer: "Done." },
    proof: "written-by-mock",
  },
  { name: "acp-auto", scenario: "shell", permission: "auto", end: { answer: "" }, proof: null },
  {
    name: "acp-edit",
    scenario: "write",
    permission: "auto",
    end: { answer: "Done." },
    proof: "written-by-mock",
  },
  { name: "acp-restricted", scenario: "write", permission: "restricted", end: { answer: "" }, proof: null },
  { name: "acp-bypass", scenario: "shell", permission: "bypass", end: { answer: command }, proof: command },
  {
    name: "acp-policy",
    scenario: "shell",
    permission: "restricted",
    policy: [{ tool: "execute", command: "echo mock-tool-ran > *", decision: "ask" }],
    said: { choice: "allow", shown: command },
    end: { answer: command },
    proof: command,
  },
  {
    name: "acp-resume",
    scenario: "echo",
    permission: "ask",
    only: "opencode",
    goes_on: true,
    end: { answer: "turn 2" },
  },
  { name: "acp-401", scenario: "e401", permission: "ask", end: { class: "auth" } },
  // Gemini CLI does not read its defaults below a folder that others may write to, and tests live in one: it would go on for minutes.
  {
    name: "acp-429",
    scenario: "e429",
    permission: "ask",
    only: "opencode",
    end: { class: "rate_limited" },
  },
  { name: "acp-cancel", scenario: "slow", permission: "ask", cancelled: true, end: { class: "cancelled" } },
]

const nameOf = (cli: Cli, one: Case): string => `${cli.name}-${one.name}`

const pluginOf = (cli: Cli, one: Case, models: ModelServer, own: string, cwd: string): string => {
  const scenario = one.scenario === "write" ? `write@cwd=${cwd}` : one.scenario
  const config = {
    preset: cli.name,
    program: programOf(cli),
    ...cli.config({ home: own, url: models.at(scenario) }),
    policy: one.policy ?? [],
  }
  const lines = Object.entries(config).map(([key, value]) => `${key} = ${toml(value)}`)
  return `[plugin.${nameOf(cli, one)}]\nuse = "agent-acp"\n[plugin.${nameOf(cli, one)}.config]\n${lines.join("\n")}\n\n`
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

const pipelineOf = (cli: Cli, one: Case): string => {
  const agent = nameOf(cli, one)
  const first = stepOf("first", agent, one)
  if (one.goes_on !== true) return ['run = ["first"]', first].join("\n\n")
  const second = stepOf("second", agent, one, ['session = "first"'])
  return ['run = ["first", "second"]', first, second].join("\n\n")
}

class Driver {
  readonly #home: Home
  readonly #program: string

  constructor(home: Home, program: string) {
    this.#home = home
    this.#program = program
  }

  async hub<A>(...args: ReadonlyArray<string>): Promise<A> {
    return documentOf<A>(await run(this.#home, [...args, "--json"], { program: this.#program }))
  }

  show(run_id: string): Promise<RunView> {
    return this.hub("runs", "show", run_id, "--wait-seconds", "60")
  }

  async drive(cli: Cli, one: Case, cwd: string, models: ModelServer): Promise<Result> {
    const start = performance.now()
    const accepted = ["dispatch", "--pipeline", nameOf(cli, one), "--cwd", cwd, "do the work"]
    const { run_id } = await this.hub<RunView>(...accepted)
    const wrong: Array<string> = []
    if (one.said !== undefined) wrong.push(...(await this.#answered(run_id, one.said)))
    if (one.cancelled === true) {
      await until("a request to the model", () => models.asked(one.scenario).length > 0)
      await this.hub("runs", "cancel", run_id)
    }
    const view = await this.show(run_id)
    wrong.push(...wrongEnd(view, one), ...wrongProof(cwd, one.proof))
    wrong.push(...processesOf([run_id]).map((pid) => `process ${pid} is left`))
    const got = view.failure?.class ?? JSON.stringify((view.answer ?? view.state).slice(0, 40))
    return { agent: cli.name, name: one.name, got, ms: Math.round(performance.now() - start), wrong }
  }

  async #answered(run_id: string, { choice, shown }: NonNullable<Case["said"]>) {
    const { questions = {}, state } = await this.show(run_id)
    const [first] = Object.values(questions)
    if (first === undefined) return [`asked nothing: ${state}`]
    const all = `${first.command ?? ""}${first.diff ?? ""}`
    await this.hub("answer", run_id, choice)
    return all.includes(shown) ? [] : [`must show ${shown}; shows ${JSON.stringify(first)}`]
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

/** One installed agent through all cases, with a home and a daemon of its own. `only`: these cases. */
export const driveAcp = async (
  cli: Cli,
  models: ModelServer,
  program: string,
  only: ReadonlyArray<string> = [],
  tell: (result: Result) => void = () => undefined,
): Promise<ReadonlyArray<Result>> => {
  const home = makeHome()
  const wanted = cases.filter(
    ({ name, only: agent = cli.name }) => agent === cli.name && (only.length === 0 || only.includes(name)),
  )
  try {
    const own = path.join(home.path, "agent")
    for (const [file, text] of Object.entries(cli.files)) home.write(`agent/${file}`, text)
    const folderOf = (one: Case) => path.join(home.path, "work", one.name)
    for (const one of wanted) {
      fs.mkdirSync(folderOf(one), { recursive: true })
      Bun.spawnSync(["git", "init", "-q"], { cwd: folderOf(one), env: { PATH: process.env["PATH"] ?? "" } })
      home.write(`hub/pipelines/${nameOf(cli, one)}.toml`, pipelineOf(cli, one))
    }
    home.write(
      "hub/plugins.toml",
      wanted.map((one) => pluginOf(cli, one, models, own, folderOf(one))).join(""),
    )
    const driver = new Driver(home, program)
    const results: Array<Result> = []
    for (const one of wanted) {
      const result = await driver.drive(cli, one, folderOf(one), models)
      tell(result)
      results.push(result)
    }
    return results
  } finally {
    home.remove()
  }
}
