/** The real agents: which package each is, where it is kept, and how it is pointed at a model's server of ours. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { toml } from "../../core/docs/Markdown.ts"

export interface Place {
  /** Folder for what the agent keeps, its own. */
  readonly home: string
  /** Base URL of the scenario. */
  readonly url: string
}

export interface Cli {
  readonly name: string
  readonly package: string
  /** The one that the fixtures were recorded with. */
  readonly version: string
  /** `[plugin.NAME.config]` without `program`. */
  readonly config: (place: Place) => Readonly<Record<string, unknown>>
  /** Files that it wants to find, by their path below its home. */
  readonly files: Readonly<Record<string, string>>
}

const key = "mock-key-of-no-worth"

const claude: Cli = {
  name: "claude",
  package: "@anthropic-ai/claude-code",
  version: "2.1.329",
  config: ({ home, url }) => ({
    env: {
      ANTHROPIC_BASE_URL: url,
      CLAUDE_CONFIG_DIR: home,
      // A subscription's token: only there a limit is told as data.
      ...(url.includes("/quota") ? { CLAUDE_CODE_OAUTH_TOKEN: key } : { ANTHROPIC_API_KEY: key }),
    },
  }),
  files: {},
}

const codex: Cli = {
  name: "codex",
  package: "@openai/codex",
  version: "0.169.0",
  config: ({ home, url }) => ({
    model: "mock-model",
    settings: {
      model_provider: "mock",
      "model_providers.mock": {
        name: "mock",
        base_url: `${url}/v1`,
        env_key: "MOCK_API_KEY",
        wire_api: "responses",
      },
    },
    env: { CODEX_HOME: home, MOCK_API_KEY: key },
  }),
  files: {},
}

const gemini: Cli = {
  name: "gemini",
  package: "@google/gemini-cli",
  version: "0.61.0",
  config: ({ home, url }) => ({
    model: "gemini-2.5-flash",
    env: { GEMINI_CLI_HOME: home, GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: url },
  }),
  files: {
    ".gemini/settings.json": JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false },
    }),
  },
}

const opencode: Cli = {
  name: "opencode",
  package: "opencode-ai",
  version: "1.18.33",
  config: ({ home, url }) => ({
    model: "mock/mock-model",
    env: {
      XDG_DATA_HOME: `${home}/data`,
      XDG_CONFIG_HOME: `${home}/config`,
      XDG_STATE_HOME: `${home}/state`,
      XDG_CACHE_HOME: `${home}/cache`,
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        small_model: "mock/mock-model",
        share: "disabled",
        enabled_providers: ["mock"],
        provider: {
          mock: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: `${url}/v1`, apiKey: key },
            models: { "mock-model": {} },
          },
        },
      }),
    },
  }),
  files: {},
}

export const clis: ReadonlyArray<Cli> = [claude, codex, gemini, opencode]

/** Folder of the packages: `HUB_AGENTS_CACHE`, or below the user's own. */
export const cache = (): string =>
  process.env["HUB_AGENTS_CACHE"] ??
  path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "hub", "agents")

const folderOf = ({ package: name, version }: Cli): string =>
  path.join(cache(), `${name}_${version}`.replaceAll(/[@/]/g, "_"))

/** The installed program, if it is there. */
export const programOf = (cli: Cli): string | undefined => {
  const program = path.join(folderOf(cli), "node_modules", ".bin", cli.name)
  return fs.existsSync(program) ? program : undefined
}

/** Installs this exact version; gives what stands in the way, if it is not there afterwards. */
export const install = async (cli: Cli): Promise<string | undefined> => {
  if (programOf(cli) !== undefined) return undefined
  const folder = folderOf(cli)
  fs.mkdirSync(folder, { recursive: true })
  const npm = Bun.which("npm")
  if (npm === null) return "npm is not on PATH"
  const wanted = `${cli.package}@${cli.version}`
  const child = Bun.spawn(
    [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, wanted],
    {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: 300_000,
    },
  )
  const said = await child.stderr.text()
  await child.exited
  return programOf(cli) === undefined ? `npm install ${wanted}: ${said.trim().slice(-300)}` : undefined
}

/** An instance of its plugin for one scenario. */
export const plugin = (
  cli: Cli,
  name: string,
  place: Place,
  more: Readonly<Record<string, unknown>> = {},
): string => {
  const config = { program: programOf(cli), ...cli.config(place), ...more }
  const lines = Object.entries(config).map(([key, value]) => `${key} = ${toml(value)}`)
  return `[plugin.${name}]\nuse = "agent-${cli.name}"\n[plugin.${name}.config]\n${lines.join("\n")}\n\n`
}
