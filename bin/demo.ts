/**
 * The first thing to see of hub: a pipeline whose first agent hits a rate limit, whose second is out of credit, and
 * whose third answers. Needs no account: the agents are three little scripts in a temporary HUB_HOME.
 */
import { chmod, mkdir, mkdtemp } from "node:fs/promises"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { Schema } from "effect"
import { binary, ensureBuilt } from "./binary.ts"

const prompt = "Say what is in this folder."

/** What each agent does when it is started, and how hub is told to read it. */
const agents = {
  quick: {
    script: `echo "HTTP 429 Too Many Requests. Retry after 30 seconds." >&2; exit 1`,
    rule: `class = "rate_limited"\nmatches = 'HTTP 429'\nretry_after = 'retry after (\\d+) s'`,
  },
  cheap: {
    script: `echo "Your credit is used up. It is back at $(date -u -d '+5 hours' +%Y-%m-%dT%H:00:00Z 2>/dev/null || date -u -v+5H +%Y-%m-%dT%H:00:00Z)." >&2; exit 75`,
    rule: `class = "quota_exhausted"\nexit = 75\nresets_at = 'back at (\\S+)\\.'`,
  },
  steady: {
    script: `task=$(cat); echo "You asked: $task"; for file in *; do echo "  $file, $(wc -l < "$file" | tr -d ' ') lines"; done`,
    rule: undefined,
  },
}

const pipeline = `description = "Three agents, tried from left to right."
run = ["work"]

[input.task]
type = "string"
required = true

[step.work]
type = "fallback"
try = ["quick", "cheap", "steady"]
${Object.keys(agents)
  .map((id) => `\n[step.${id}]\ntype = "agent"\nagent = "${id}"\nprompt = "{{ input.task }}"\n`)
  .join("")}`

const plugin = (id: string, script: string, rule: string | undefined): string =>
  [
    `[plugin.${id}]\nuse = "agent-command"\n`,
    `[plugin.${id}.config]\nprogram = ${JSON.stringify(script)}\nversion_args = []\n`,
    rule === undefined ? "" : `[[plugin.${id}.config.failure]]\n${rule}\n`,
  ].join("\n")

/** The part of `dispatch --wait --json` that the story is told from. */
const Run = Schema.fromJsonString(
  Schema.Struct({
    run_id: Schema.String,
    state: Schema.String,
    answer: Schema.optionalKey(Schema.String),
    answered_by: Schema.optionalKey(Schema.String),
    attempts: Schema.Array(
      Schema.Struct({
        agent: Schema.optionalKey(Schema.String),
        step: Schema.String,
        state: Schema.String,
        failure: Schema.optionalKey(
          Schema.Struct({
            class: Schema.String,
            message: Schema.String,
            retry_after_ms: Schema.optionalKey(Schema.Number),
            resets_at: Schema.optionalKey(Schema.Number),
          }),
        ),
        duration_ms: Schema.Number,
      }),
    ),
    duration_ms: Schema.Number,
  }),
)
type Run = typeof Run.Type

class DemoFailed extends Error {}

const main = async (): Promise<void> => {
  const start = performance.now()
  if (!(await ensureBuilt())) throw new DemoFailed("dist/hub could not be built.")
  const folder = await mkdtemp(join(tmpdir(), "hub-demo-"))
  const clean = (): void => {
    endHub(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  const leave = (): never => {
    running?.kill()
    clean()
    process.exit(130)
  }
  process.once("SIGINT", leave).once("SIGTERM", leave)
  try {
    await show(folder)
    say(
      dim(
        `\nThe demo took ${seconds(performance.now() - start)}; its HUB_HOME, its folder and its hub are gone again.`,
      ),
    )
  } finally {
    clean()
  }
}

const homeIn = (folder: string): string => join(folder, "home")

/** The first command has started one. */
const endHub = (folder: string): void => {
  Bun.spawnSync([binary, "stop", "--kill"], { env: environment(homeIn(folder)), stdout: "ignore" })
}

const show = async (folder: string): Promise<void> => {
  const home = homeIn(folder)
  const project = join(folder, "project")
  await furnish(home, project)
  say(bold("A pipeline with three agents, tried from left to right: quick, cheap, steady."))
  const command = ["dispatch", "--wait", "--json", "--pipeline", "demo", "--cwd", project, prompt]
  say(dim(`$ hub dispatch --wait --pipeline demo ${JSON.stringify(prompt)}\n`))
  const run = runIn(await hub(home, project, command))
  for (const [index, attempt] of run.attempts.entries()) say(attemptLine(index + 1, attempt))
  say(`\n${bold("Answer")} from ${run.answered_by ?? "nobody"}, after ${milliseconds(run.duration_ms)}:\n`)
  say(indented(run.answer ?? ""))
  say(dim(`\n$ hub why ${run.run_id}\n`))
  say(indented((await hub(home, project, ["why", run.run_id])).stdout))
  check(run)
  say(next())
}

const furnish = async (home: string, project: string): Promise<void> => {
  await mkdir(join(home, "pipelines"), { recursive: true, mode: 0o700 })
  await mkdir(project)
  await Bun.write(join(project, "README.md"), "# A project\n\nNothing but a demo.\n")
  await Bun.write(join(project, "notes.txt"), "one\ntwo\n")
  const plugins: Array<string> = []
  for (const [id, { rule, script }] of Object.entries(agents)) {
    const file = join(home, `${id}.sh`)
    await Bun.write(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o700)
    plugins.push(plugin(id, file, rule))
  }
  await Bun.write(join(home, "plugins.toml"), plugins.join("\n"))
  await Bun.write(join(home, "pipelines", "demo.toml"), pipeline)
}

interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** The command that is at work just now. */
let running: Bun.Subprocess | undefined

const environment = (home: string) => {
  const { HUB_RUN: _run, HUB_ATTEMPT: _attempt, ...inherited } = process.env
  return { ...inherited, HUB_HOME: home }
}

const hub = async (home: string, cwd: string, args: ReadonlyArray<string>): Promise<Said> => {
  const child = Bun.spawn([binary, ...args], {
    cwd,
    env: environment(home),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  })
  running = child
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  await child.exited
  return { stdout, stderr, code: child.exitCode }
}

const runIn = ({ code, stderr, stdout }: Said): Run => {
  if (code !== 0) throw new DemoFailed(`hub dispatch ended with ${code ?? "a signal"}.\n${stdout}${stderr}`)
  return Schema.decodeUnknownSync(Run)(stdout)
}

/** The story must be the one that was promised: a demo that shows something else has failed. */
const check = (run: Run): void => {
  const seen = run.attempts
    .map(({ agent, failure, state }) => `${agent}: ${failure?.class ?? state}`)
    .join(", ")
  const promised = "quick: rate_limited, cheap: quota_exhausted, steady: succeeded"
  if (run.state !== "succeeded" || seen !== promised)
    throw new DemoFailed(`Expected ${promised}, and saw ${run.state}, ${seen}.`)
}

const attemptLine = (
  number: number,
  { agent, duration_ms, failure, state }: Run["attempts"][number],
): string => {
  const head = `  ${number}  ${bold((agent ?? "").padEnd(8))}`
  const took = dim(`(${milliseconds(duration_ms)})`)
  if (failure === undefined) return `${head}${green(state)} ${took}`
  const rest =
    failure.retry_after_ms === undefined
      ? failure.resets_at === undefined
        ? ""
        : `, rests until ${new Date(failure.resets_at).toISOString().slice(0, 16).replace("T", " ")} UTC`
      : `, rests for ${seconds(failure.retry_after_ms)}`
  return `${head}${yellow(`left: ${failure.class}`)}${rest} ${took}\n     ${dim(`        ${failure.message}`)}`
}

/** Printed last. */
const next = (): string => {
  const path = relative(process.cwd(), binary).replace(/^(?![./])/, "./")
  return `
${bold("What to type next")}
  ${path} init            writes ~/.hub/plugins.toml and ~/.hub/projects.toml, with comments
  ${path} doctor          which agents this machine has, and what is missing
  ${path} pipeline test   proves every pipeline against scripted agents
  ${path} dispatch --wait --pipeline ask "What does this project do?"
Read on: docs/write-a-pipeline.md`
}

const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, "  ")
const milliseconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : seconds(ms))
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`

const coloured = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === ""
const paint = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)
const [bold, dim, green, yellow] = [paint(1), paint(2), paint(32), paint(33)] as const
const say = (text: string): void => void process.stdout.write(`${text}\n`)

try {
  await main()
} catch (error) {
  console.error(error instanceof DemoFailed ? `hub demo: ${error.message}` : error)
  process.exitCode = 1
}
