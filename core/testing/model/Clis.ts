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
