/** How real agents are pointed at a model's server of ours, each with a home of its own. */

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
  /** The program, below `node_modules`: npm links none. */
  readonly program?: string
  /** Has no adapter of its own: the recipe of its name says what `config` does not. */
  readonly recipe?: true
  /** `[plugin.NAME.config]` without `program`. */
  readonly config: (place: Place) => Config
  /** Files that it wants to find, by their path below its home. */
  readonly files: Readonly<Record<string, string>>
  /** More of them, that name the model's server: for each a home of its own. */
  readonly pointed?: (place: Place) => Readonly<Record<string, string>>
}

export type Config = Readonly<Record<string, unknown>>

/** All files of its home by their path in it. */
export const filesOf = ({ files, pointed }: Cli, place: Place): Readonly<Record<string, string>> => ({
  ...files,
  ...pointed?.(place),
})

/** A recipe's config, with what points it at a place: its arguments and environment are added to. */
export const withRecipe = (recipe: Config, config: Config): Config => ({
  ...recipe,
  ...config,
  args: [...list(recipe["args"]), ...list(config["args"])],
  env: { ...(recipe["env"] as object | undefined), ...(config["env"] as object | undefined) },
})

const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

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

/** The package around it names a version of this one that there is not. */
const droidPackage = `@factory/cli-${process.platform}-${process.arch}`

const droid: Cli = {
  name: "droid",
  package: droidPackage,
  version: "0.225.2",
  program: `${droidPackage}/bin/droid`,
  config: ({ home, url }) => ({
    model: "custom:mock-model",
    env: {
      FACTORY_HOME_OVERRIDE: home,
      FACTORY_API_KEY: key,
      // It asks its vendor for a session before it goes on with one of its own: that nobody knows it is an answer.
      FACTORY_API_BASE_URL: url,
      FACTORY_TELEMETRY_INGEST_BASE_URL: url,
      FACTORY_DROID_AUTO_UPDATE_ENABLED: "false",
    },
  }),
  files: {},
  pointed: ({ url }) => ({
    ".factory/settings.json": JSON.stringify({
      customModels: [
        {
          model: "mock-model",
          displayName: "Mock",
          baseUrl: `${url}/v1`,
          apiKey: key,
          provider: "generic-chat-completion-api",
          maxOutputTokens: 4096,
        },
      ],
    }),
  }),
}

const copilot: Cli = {
  name: "copilot",
  package: "@github/copilot",
  version: "1.0.102",
  config: ({ home, url }) => ({
    env: {
      COPILOT_HOME: home,
      COPILOT_OFFLINE: "true",
      COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: key,
      COPILOT_MODEL: "mock-model",
    },
  }),
  files: {},
}

const qwen: Cli = {
  name: "qwen",
  package: "@qwen-code/qwen-code",
  version: "0.24.4",
  config: ({ home, url }) => ({
    model: "mock-model",
    auth_type: "openai",
    env: { QWEN_HOME: home, OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1` },
  }),
  files: {},
}

const pi: Cli = {
  name: "pi",
  package: "@earendil-works/pi-coding-agent",
  version: "0.74.2",
  recipe: true,
  config: ({ home }) => ({
    model: "mock/mock-model",
    env: { PI_OFFLINE: "1", PI_CODING_AGENT_DIR: home },
  }),
  files: {},
  pointed: ({ url }) => ({
    "models.json": JSON.stringify({
      providers: {
        mock: {
          baseUrl: `${url}/v1`,
          api: "openai-completions",
          apiKey: key,
          models: [{ id: "mock-model" }],
        },
      },
    }),
  }),
}

const grok: Cli = {
  name: "grok",
  package: "@xai-official/grok",
  version: "1.0.41",
  recipe: true,
  config: ({ home, url }) => ({
    model: "mock-model",
    env: { GROK_HOME: home, XAI_API_KEY: key, GROK_MODELS_BASE_URL: `${url}/v1` },
  }),
  files: {},
}

export const clis: ReadonlyArray<Cli> = [claude, codex, gemini, opencode, droid, copilot, qwen, pi, grok]
