/** A request as the start of a program. */
import { type Agent, Failure } from "hub/plugin"
import { type Config, hands } from "./Config.ts"
import * as Template from "./Template.ts"

// Linux takes 128 KB for one argument, its end included.
const longest = 120 * 1024

const system = "system.txt"
const schema = "output-schema.json"

export const supports = (config: Config): Agent.Supports => ({
  resume: hands(config, "session"),
  fork: hands(config, "fork"),
  permission: (["restricted", "auto", "bypass"] as const).filter(
    (mode) => config.permission[mode] !== undefined,
  ),
  model: hands(config, "model"),
  output_schema: hands(config, "output_schema", "output_schema_file"),
  system_prompt: hands(config, "system", "system_file"),
})

export const launch = (config: Config, request: Agent.AgentRequest): Agent.Launch | Failure.Failure => {
  const way = wayOf(config, request.prompt)
  if (way instanceof Failure.Failure) return way
  const { model } = request
  if (model !== undefined && config.models.length > 0 && !config.models.includes(model))
    return Failure.of(
      "model_unavailable",
      `Its config knows no model "${model}". Known: ${config.models.join(", ")}.`,
    )
  const values = valuesOf(config, request, way)
  return {
    program: config.program,
    args: argumentsOf(config, values, request.permission),
    env: { ...environment(config, values), ...request.env },
    ...(way === "stdin" ? { stdin: { text: request.prompt } } : {}),
    files: files(config, values),
  }
}

type Way = Config["prompt"]

/** How the prompt travels. One that no argument can carry goes by file where args has a place for it. */
const wayOf = (config: Config, prompt: string): Way | Failure.Failure => {
  if (config.prompt !== "argument") return config.prompt
  const nul = prompt.includes("\0")
  if (!nul && bytes(prompt) <= longest) return "argument"
  if (hands(config, "prompt_file")) return "file"
  const why = nul ? "The prompt has a NUL byte" : `The prompt has ${Math.ceil(bytes(prompt) / 1024)} KB`
  const most = nul ? "which no argument can carry" : "and an argument carries 120 KB at most"
  return Failure.of(
    "adapter_mismatch",
    `${why}, ${most}: set prompt = "stdin" or "file" for this agent, or add ["{{ prompt_file }}"] to its args.`,
  )
}

const bytes = (text: string): number =>
  text.length > longest ? text.length : new TextEncoder().encode(text).byteLength

const valuesOf = (config: Config, request: Agent.AgentRequest, way: Way): Template.Values => {
  const { session } = request
  const model = request.model ?? config.model
  return {
    cwd: request.cwd,
    dir: request.dir,
    run_id: request.run_id,
    attempt: String(request.attempt),
    ...(way === "argument" ? { prompt: request.prompt } : {}),
    ...(way === "file" ? { prompt_file: request.prompt_file } : {}),
    ...(model === undefined ? {} : { model }),
    ...(session === undefined ? {} : session.fork === true ? { fork: session.id } : { session: session.id }),
    ...(request.system === undefined
      ? {}
      : { system: request.system, system_file: `${request.dir}/${system}` }),
    ...(request.output_schema === undefined
      ? {}
      : {
          output_schema: JSON.stringify(request.output_schema),
          output_schema_file: `${request.dir}/${schema}`,
        }),
  }
}

const argumentsOf = (
  config: Config,
  values: Template.Values,
  permission: Agent.Permission | undefined,
): ReadonlyArray<string> => {
  const flags: Readonly<Partial<Record<Agent.Permission, ReadonlyArray<string>>>> = config.permission
  const args: Array<string> = []
  for (const argument of config.args) {
    const parts = typeof argument === "string" ? [argument] : argument
    if (typeof argument === "string" && Template.isPermission(argument))
      args.push(...(permission === undefined ? [] : (flags[permission] ?? [])))
    else args.push(...group(parts, values, args.includes("--")))
  }
  return args
}

/** All of a group, or nothing. */
const group = (
  parts: ReadonlyArray<string>,
  values: Template.Values,
  guarded: boolean,
): ReadonlyArray<string> => {
  const filled = parts.map((part) => {
    const text = Template.fill(part, values)
    const bare = /^\{\{\s*(prompt|system)\s*\}\}$/.test(part)
    // A prompt such as "--help" or "- first point" must not be read as a flag.
    return bare && !guarded && !parts.includes("--") && text?.startsWith("-") === true ? ` ${text}` : text
  })
  return filled.every((text) => text !== undefined) ? filled : []
}

const environment = (config: Config, values: Template.Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config.env).flatMap(([name, text]) => {
      const filled = Template.fill(text, values)
      return filled === undefined ? [] : [[name, filled]]
    }),
  )

const files = (config: Config, values: Template.Values): Record<string, string> => ({
  ...(values.system !== undefined && hands(config, "system_file") ? { [system]: values.system } : {}),
  ...(values.output_schema !== undefined && hands(config, "output_schema_file")
    ? { [schema]: values.output_schema }
    : {}),
})
