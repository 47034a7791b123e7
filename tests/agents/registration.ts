/** A hub registered with `hub install` in a real agent's own file: listed by the agent, called by its model, and gone again. */
import * as fs from "node:fs"
import * as path from "node:path"
import { stringify } from "../../core/toml/Toml.ts"
import { documentOf, environment, type Home, makeHome, run } from "../support/hub.ts"
import { type Cli, filesOf, programOf } from "./Clis.ts"
import type { Result } from "./Lane.ts"
import type { ModelServer } from "../../core/testing/model/Server.ts"

/** Of the hub, whatever a client puts before its name. */
const tool = "hub_status"

interface Way {
  /** Lists the servers that the agent knows, and whether they answer. */
  readonly list: ReadonlyArray<string>
  readonly listed: RegExp
  /** One prompt, and the agent's own stream of what happens. */
  readonly ask: ReadonlyArray<string>
  /** What the model does, where it is to look for the tool first. */
  readonly scenario?: string
  /** Keeps its things in the home of the user, wherever else it was told to. */
  readonly in_home?: true
}

const prompt = "Ask the hub how it stands."

const ways: Readonly<Record<string, Way>> = {
  claude: {
    list: ["mcp", "list"],
    listed: /hub: .*✔ Connected/,
    ask: ["-p", "--output-format", "stream-json", "--verbose", "--allowedTools", "mcp__hub", "--", prompt],
  },
  codex: {
    list: ["mcp", "list", "--json"],
    listed: /"name": "hub",\s+"enabled": true/,
    ask: ["exec", "--json", "--skip-git-repo-check", "--", prompt],
  },
  gemini: {
    list: ["mcp", "list"],
    listed: /✓ hub: .*Connected/,
    ask: ["--skip-trust", "-o", "stream-json", "-m", "gemini-2.5-flash", "-p", prompt],
  },
  opencode: {
    list: ["mcp", "list"],
    listed: /✓ hub .*connected/,
    ask: ["run", "--format", "json", "--title", "t", "--", prompt],
  },
  droid: {
    list: ["mcp", "list"],
    listed: /hub\s+stdio\s+connected/,
    ask: ["exec", "-o", "stream-json", "-m", "custom:mock-model", prompt],
    scenario: `mcp@first=ToolSearch$@query=select:hub___${tool}@tool=${tool}$`,
    in_home: true,
  },
  copilot: {
    list: ["mcp", "list"],
    listed: /^ +hub \(local\)/m,
    ask: ["--output-format", "json", "-p", prompt],
  },
  qwen: {
    list: ["mcp", "list"],
    listed: /✓ hub: .*Connected/,
    ask: ["--auth-type", "openai", "-o", "stream-json", "-m", "mock-model", prompt],
    scenario: `mcp@first=tool_search$@query=select:mcp__hub__${tool}@tool=tool_call$@args={"name":"mcp__hub__${tool}","arguments":{}}`,
  },
}

/** What the agent is pointed at the model's server with, in a home of its own. */
const environmentOf = (cli: Cli, way: Way, home: Home, url: string): Readonly<Record<string, string>> => {
  const own = way.in_home === true ? home.path : path.join(home.path, "agent")
  const place = { home: own, url }
  const { env, ...config } = cli.config(place)
  for (const [file, text] of Object.entries(filesOf(cli, place)))
    home.write(path.join(path.relative(home.path, own), file), text)
  if (cli.name === "codex") home.write("agent/config.toml", `# mine\n${stringify(nested(config))}`)
  fs.mkdirSync(own, { recursive: true })
  fs.mkdirSync(path.join(home.path, "tmp"))
  return {
    ...environment(home),
    PATH: `${path.dirname(programOf(cli) ?? "")}:${process.env["PATH"] ?? ""}`,
    TMPDIR: path.join(home.path, "tmp"),
    TERM: "xterm-256color",
    GEMINI_CLI_TRUST_WORKSPACE: "true",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    COPILOT_AUTO_UPDATE: "false",
    ...(env as Readonly<Record<string, string>>),
  }
}

/** `settings` with dots in their names, as the tables that they stand for. */
const nested = ({ settings, ...config }: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const whole: Record<string, unknown> = { ...config }
  for (const [key, value] of Object.entries((settings ?? {}) as Readonly<Record<string, unknown>>)) {
    const [first = "", second] = key.split(".")
    whole[first] = second === undefined ? value : { [second]: value }
  }
  return whole
}

/** The agent itself, to its end; what it printed. */
const agent = async (
  cli: Cli,
  args: ReadonlyArray<string>,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<string> => {
  const child = Bun.spawn([programOf(cli) ?? cli.name, ...args], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 90_000,
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return Bun.stripANSI(out + err)
}

const timed = async (
  cli: Cli,
  name: string,
  body: () => Promise<{ readonly got: string; readonly wrong: ReadonlyArray<string> }>,
): Promise<Result> => {
  const start = performance.now()
  const told = await body()
  return { agent: cli.name, name, ms: Math.round(performance.now() - start), ...told }
}

const unless = (isRight: boolean, wrong: string): ReadonlyArray<string> => (isRight ? [] : [wrong])

/** Empty for an agent whose way of registering is not known here. `program` is the hub. */
export const registration = async (
  cli: Cli,
  models: ModelServer,
  program: string,
): Promise<ReadonlyArray<Result>> => {
  const way = ways[cli.name]
  if (way === undefined) return []
  const home = makeHome()
  try {
    const env = environmentOf(cli, way, home, models.at(way.scenario ?? `mcp@tool=${tool}$`))
    const cwd = path.join(home.path, "work")
    fs.mkdirSync(cwd)
    Bun.spawnSync(["git", "init", "-q"], { cwd, env: { PATH: env["PATH"], HOME: home.path } })
    const hub = (...args: ReadonlyArray<string>) => run(home, [...args, "--json"], { cwd, env, program })
    return [
      await timed(cli, "mcp list", async () => {
        const { file } = documentOf<{ file: string }>(await hub("install", cli.name))
        const said = await agent(cli, way.list, { cwd, env })
        return {
          got: path.relative(home.path, file),
          wrong: unless(
            way.listed.test(said),
            `it must list ${String(way.listed)}; it said ${said.slice(-800)}`,
          ),
        }
      }),
      await timed(cli, "tool call", async () => {
        const said = await agent(cli, way.ask, { cwd, env })
        // Only the hub of this home knows where it is.
        const isAnswered = said.includes("Done. Tool said:") && said.includes(`${env["HUB_HOME"] ?? ""}/`)
        return {
          got: isAnswered ? tool : "no answer",
          wrong: unless(isAnswered, `the model must be told of ${tool}; it said ${said.slice(-800)}`),
        }
      }),
      await timed(cli, "uninstall", async () => {
        const { change } = documentOf<{ change: string }>(await hub("uninstall", cli.name))
        const said = await agent(cli, way.list, { cwd, env })
        const isGone = change !== "none" && !way.listed.test(said)
        return { got: change, wrong: unless(isGone, `it must be gone; it said ${said.slice(-800)}`) }
      }),
    ]
  } finally {
    home.remove()
  }
}
