/** One session of a real agent: gone on with by its id and as the last one, branched off, from another folder, and one that there is not. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { ModelServer } from "../../core/testing/model/Server.ts"
import { documentOf, type Home, makeHome, run } from "../support/hub.ts"
import { type Cli, filesOf, plugin } from "./Clis.ts"
import type { Result } from "./Lane.ts"

interface Ended {
  readonly run_id?: string
  readonly answer?: string
  readonly failure?: { readonly class: string; readonly message: string }
  readonly error?: { readonly message: string }
}

interface Story {
  readonly name: string
  readonly folder: "a" | "b"
  readonly asked: (id: string) => ReadonlyArray<string>
  /** In its answer, the class of its failure, or words of a refusal. */
  readonly must: string
}

/** Who cannot branch off is refused before anything starts. */
const unable = ["gemini", "copilot", "pi", "grok"]
/** Who finds a session in its own folder only. */
const bound = ["gemini", "opencode", "pi", "qwen"]
const unknown: Readonly<Record<string, string>> = { opencode: "ses_000000000000000000000000000" }
const nobody = "00000000-0000-4000-8000-000000000000"

/** The model's server says how many turns it was shown. */
const storiesOf = (agent: string): ReadonlyArray<Story> => {
  const forks = !unable.includes(agent)
  const resumed = (id: string) => ["--session", id]
  return [
    { name: "by its id", folder: "a", asked: resumed, must: "turn 2" },
    { name: "the last one", folder: "a", asked: () => ["--session", "continue"], must: "turn 3" },
    {
      name: "branched off",
      folder: "a",
      asked: (id) => ["--session", id, "--fork"],
      must: forks ? "turn 4" : "cannot branch off",
    },
    { name: "as it was", folder: "a", asked: resumed, must: "turn 4" },
    {
      name: "from elsewhere",
      folder: "b",
      asked: resumed,
      must: bound.includes(agent) ? "adapter_mismatch" : "turn 5",
    },
    {
      name: "not there",
      folder: "a",
      asked: () => ["--session", unknown[agent] ?? nobody],
      must: "crashed",
    },
  ]
}

/** `program` is the hub. */
export const sessions = async (
  cli: Cli,
  models: ModelServer,
  program: string,
): Promise<ReadonlyArray<Result>> => {
  const home = makeHome()
  const place = { home: home.path, url: models.at("echo") }
  home.write("hub/plugins.toml", plugin(cli, cli.name, place))
  for (const [file, text] of Object.entries(filesOf(cli, place))) home.write(file, text)
  const ask = (folder: string, ...more: ReadonlyArray<string>) => dispatched(home, program, cli, folder, more)
  try {
    const { run_id = "" } = await ask("a")
    const id = await sessionOf(home, program, run_id)
    const results: Array<Result> = []
    for (const { asked, folder, must, name } of storiesOf(cli.name)) {
      const start = performance.now()
      const ended = await ask(folder, ...asked(id))
      const said = saidBy(ended)
      results.push({
        agent: cli.name,
        name,
        got: gotOf(ended),
        ms: Math.round(performance.now() - start),
        wrong: said.includes(must) ? [] : [`must have ${JSON.stringify(must)}; ${said.slice(0, 300)}`],
      })
    }
    return results
  } finally {
    home.remove()
  }
}

const dispatched = async (
  home: Home,
  program: string,
  cli: Cli,
  folder: string,
  more: ReadonlyArray<string>,
): Promise<Ended> => {
  const cwd = path.join(home.path, "work", folder)
  fs.mkdirSync(cwd, { recursive: true })
  Bun.spawnSync(["git", "init", "-q"], { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: home.path } })
  const args = ["dispatch", "--agent", cli.name, "--cwd", cwd, ...more, "--wait", "--json", "do the work"]
  return documentOf<Ended>(await run(home, args, { program }))
}

const sessionOf = async (home: Home, program: string, run_id: string): Promise<string> => {
  const { events } = documentOf<{ events: ReadonlyArray<{ type: string; data: { session_id?: string } }> }>(
    await run(home, ["runs", "events", run_id, "--json"], { program }),
  )
  return events.find(({ type }) => type === "session_started")?.data.session_id ?? "no session was told"
}

const gotOf = ({ answer = "", error, failure }: Ended): string =>
  failure?.class ?? (error === undefined ? JSON.stringify(answer.slice(0, 40)) : "refused")

const saidBy = ({ answer = "", error, failure }: Ended): string =>
  failure === undefined ? (error?.message ?? answer) : `${failure.class}: ${failure.message}`
