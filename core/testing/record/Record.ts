/** Records a set of fixtures from an installed agent: each scene against a model's server of ours, in a home of its own. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Duration, Effect, type Schema, type Scope } from "effect"
import type { AgentRequest, ProgramAgent } from "../../plugin/Agent.ts"
import { Failure } from "../../plugin/Failure.ts"
import { type Exit, Supervisor } from "../../services/Supervisor.ts"
import { type Cli, filesOf, type Place } from "../model/Clis.ts"
import type { ModelServer } from "../model/Server.ts"
import { play, type RecordedCase, readRecordings } from "../recordings.ts"
import { clean, type Places } from "./Clean.ts"
import { compare, endOf, type Recorded } from "./Compare.ts"
import { type Scene, scenes } from "./Scenes.ts"

export interface Options {
  readonly cli: Cli
  /** The agent as its plugin makes it of this config. */
  readonly agentOf: (
    config: Readonly<Record<string, unknown>>,
  ) => Effect.Effect<ProgramAgent, Schema.SchemaError>
  /** Absolute. */
  readonly program: string
  readonly version: string
  readonly models: ModelServer
  /** Folder to write into, absolute. */
  readonly out: string
  /** Names of scenes; none: all that the agent can do. */
  readonly cases: ReadonlyArray<string>
  /** Of one scene. */
  readonly limit: Duration.Duration
  /** Folder of the set to compare with. */
  readonly against: string | undefined
  /** Day of the recording: `2026-11-20`. */
  readonly date: string
  readonly told: (row: Row) => Effect.Effect<void>
}

export interface Row {
  readonly name: string
  /** `answers`, or the class of the failure. */
  readonly end: string
  /** What is not as it was; empty without a set to compare with. */
  readonly changes: ReadonlyArray<string>
  /** The older set has none of this name. */
  readonly is_new: boolean
}

/** Nobody listens there. */
const nowhere = "http://127.0.0.1:9"

export const record = Effect.fn("Record.record")(function* (options: Options) {
  const before = options.against === undefined ? undefined : setIn(options.against)
  fs.mkdirSync(options.out, { recursive: true })
  const cases: Record<string, RecordedCase> = {}
  const rows: Array<Row> = []
  for (const [scene, wanted] of yield* chosen(options)) {
    const name = wanted.also.find((one) => before?.index.cases[one] !== undefined) ?? scene
    cases[name] = yield* Effect.scoped(one(options, name, wanted))
    const index = { agent: options.cli.name, version: options.version, date: options.date, cases }
    fs.writeFileSync(path.join(options.out, "index.json"), `${JSON.stringify(index, null, 2)}\n`)
    const row = rowOf(name, before, { folder: options.out, index })
    rows.push(row)
    yield* options.told(row)
  }
  return rows
})

const setIn = (folder: string): Recorded => ({ folder, index: readRecordings(folder) })

const rowOf = (name: string, before: Recorded | undefined, after: Recorded): Row => ({
  name,
  end: endOf(after.index.cases[name] ?? {}),
  changes: before === undefined ? [] : compare(name, before, after),
  is_new: before !== undefined && before.index.cases[name] === undefined,
})

/** What the agent cannot do is left out. */
const chosen = Effect.fnUntraced(function* ({ agentOf, cases, cli, program }: Options) {
  const { supports } = yield* agentOf({ program, ...cli.config({ home: "/", url: nowhere }) })
  return Object.entries(scenes)
    .filter(([name]) => cases.length === 0 || cases.includes(name))
    .filter(([, { needs }]) => needs === undefined || supports[needs] === true)
})

interface Stage {
  readonly root: string
  readonly place: Place
  readonly cwd: string
}

const one = Effect.fnUntraced(function* (options: Options, name: string, scene: Scene) {
  const stage = yield* staged(options, scene)
  const config = { program: options.program, ...options.cli.config(stage.place) }
  const args = [...((config as { args?: ReadonlyArray<string> }).args ?? []), ...(scene.args ?? [])]
  const agent = yield* options.agentOf({ ...config, ...(args.length === 0 ? {} : { args }) })
  const first = scene.resumes === true ? yield* played(options, agent, stage, 1, {}) : undefined
  const session = first?.session
  const request = { ...scene.request, ...(session === undefined ? {} : { session: { id: session } }) }
  const { exit, stderr, stdout } = yield* played(options, agent, stage, 2, request)
  const places: Places = {
    [stage.cwd]: "<cwd>",
    [stage.place.home]: "<home>",
    [stage.root]: "<tmp>",
    [options.program]: `<bin>/${options.cli.name}`,
  }
  keep(options.out, `${name}.jsonl`, clean(stdout, places))
  keep(options.out, `${name}.stderr.txt`, clean(stderr, places))
  return caseOf(agent, options.out, name, exit, request)
})

const keep = (folder: string, file: string, text: string): void => {
  if (text.trim() !== "") fs.writeFileSync(path.join(folder, file), text.endsWith("\n") ? text : `${text}\n`)
}

const staged = ({ cli, models }: Options, { scenario }: Scene): Effect.Effect<Stage, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "hub-record-")))
      const [home, cwd] = [path.join(root, "home"), path.join(root, "work")]
      for (const folder of [home, cwd, path.join(root, "tmp")]) fs.mkdirSync(folder, { mode: 0o700 })
      const url = scenario === undefined ? nowhere : models.at(scenario.replace("CWD", cwd))
      const place = { home, url }
      for (const [file, text] of Object.entries(filesOf(cli, place))) {
        fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
        fs.writeFileSync(path.join(home, file), text, { mode: 0o600 })
      }
      return { root, cwd, place }
    }),
    ({ root }) => Effect.sync(() => fs.rmSync(root, { recursive: true, force: true })),
  )

/** One start of the real program, with its output in files, as in an attempt. */
const played = Effect.fnUntraced(function* (
  { cli, limit }: Options,
  agent: ProgramAgent,
  stage: Stage,
  attempt: number,
  more: Partial<AgentRequest>,
) {
  const dir = path.join(stage.root, String(attempt))
  fs.mkdirSync(dir, { mode: 0o700 })
  const prompt = attempt === 1 ? "first" : "do the task"
  const files = { dir, prompt_file: path.join(dir, "prompt") }
  const request = { run_id: `record-${cli.name}`, attempt, prompt, cwd: stage.cwd, ...files, ...more }
  const launch = agent.launch(request)
  if (launch instanceof Failure) return yield* launch
  fs.writeFileSync(files.prompt_file, prompt)
  for (const [name, text] of Object.entries(launch.files ?? {})) fs.writeFileSync(path.join(dir, name), text)
  const env = { TMPDIR: path.join(stage.root, "tmp"), HOME: stage.place.home, ...launch.env }
  const supervisor = yield* Supervisor
  const process = yield* Effect.acquireRelease(
    supervisor.start({
      ...launch,
      env,
      cwd: stage.cwd,
      run_id: request.run_id,
      dir: path.join(dir, "spool"),
      time_limit: limit,
      grace: Duration.seconds(2),
    }),
    ({ end }) => end,
  )
  const exit = yield* process.exit
  const text = (stream: "stdout" | "stderr") =>
    Effect.map(process.spool(stream), (spool) =>
      fs.existsSync(spool.path) ? fs.readFileSync(spool.path, "utf8") : "",
    )
  const [stdout, stderr] = yield* Effect.all([text("stdout"), text("stderr")])
  const decoder = agent.decoder(request)
  for (const line of stdout.split("\n")) if (line !== "") decoder.feed(line, "stdout")
  const end = decoder.end(exit)
  return { exit, stdout, stderr, session: end instanceof Failure ? undefined : end.session_id }
})

/** What the adapter makes of it: this is what the next version is held to. */
const caseOf = (
  agent: ProgramAgent,
  folder: string,
  name: string,
  exit: Exit,
  request: Partial<AgentRequest>,
): RecordedCase => {
  const { output_schema, session } = request
  const matters = {
    ...(output_schema === undefined ? {} : { output_schema }),
    ...(session === undefined ? {} : { session }),
  }
  const asked = Object.keys(matters).length === 0 ? {} : { request: matters }
  const ended = exit.signal === null ? { exit: exit.code ?? 1 } : { signal: exit.signal }
  const { end, events } = play(agent, folder, name, { ...ended, ...asked })
  const early = events.find(({ type }) => type === "signal")?.data["class"] as RecordedCase["early"]
  const types = events.map(({ type }) => type).filter((type) => type !== "output" && type !== "signal")
  const common = {
    ...ended,
    ...asked,
    ...(early === undefined ? {} : { early }),
    events: types.filter((type, index) => type !== types[index - 1]),
  }
  if (end instanceof Failure) return { ...common, class: end.class }
  return {
    ...common,
    ...(end.text === "" ? {} : { text: end.text.slice(0, 80) }),
    ...(end.data === undefined ? {} : { data: end.data }),
    ...(end.session_id === undefined ? {} : { session: end.session_id }),
    ...(end.usage === undefined ? {} : { usage: end.usage }),
  }
}
