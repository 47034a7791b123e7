/** An agent of one program as a whole plugin: its config, how it is started, read and looked at. */
import { Effect, Schema } from "effect"
import * as Agent from "./Agent.ts"
import type { Failure } from "./Failure.ts"
import * as Field from "./Field.ts"
import * as Plugin from "./Plugin.ts"

/** A config with `fields` in it. */
export type Config = Schema.Codec<{ readonly id?: string | undefined; readonly program: string }, unknown>

export interface Given<C extends Config> {
  /** Of the plugin: `agent-acme`. */
  readonly id: string
  /** Of the plugin: `Runs Acme Coder as an agent.` */
  readonly summary: string
  /** What people call the agent: `Acme Coder`. */
  readonly name: string | ((config: C["Type"]) => string)
  readonly config: C
  readonly supports: Agent.Supports | ((config: C["Type"]) => Agent.Supports)
  /** Pure. It is asked for nothing that `supports` does not name, with no model or session id that begins with `-`. */
  readonly launch: (config: C["Type"], request: Agent.AgentRequest) => Agent.Launch | Failure
  /** `agent` is its id, for sentences. */
  readonly decoder: (agent: string, request: Agent.AgentRequest, config: C["Type"]) => Agent.Decoder
  readonly probe?: ((config: C["Type"]) => Agent.ProgramAgent["probe"]) | undefined
}

export interface Adapter<C extends Config = Config> extends Plugin.Plugin {
  readonly config: C
  /** The agent as the plugin makes it of this config. */
  readonly agent: (config: C["Type"], id: string) => Agent.ProgramAgent
}

export const of = <C extends Config>(given: Given<C>): Adapter<C> => {
  const { config, decoder, id, launch, name, probe, summary, supports } = given
  const agent = (config: C["Type"], id: string) =>
    Agent.program({
      id,
      summary: typeof name === "function" ? name(config) : name,
      program: config.program,
      supports: typeof supports === "function" ? supports(config) : supports,
      launch: (request) => launch(config, request),
      decoder: (request) => decoder(id, request, config),
      probe: probe?.(config),
    })
  const plugin = Plugin.define({
    id,
    summary,
    config,
    setup: (config, { instance }) => Effect.succeed({ agents: [agent(config, config.id ?? instance)] }),
  })
  return Object.freeze({ ...plugin, config, agent })
}

const Text = Schema.NonEmptyString

/** What can be set of every program. */
export const fields = ({
  command,
  env,
  model = "Model for requests that name none.",
  program,
}: {
  /** Where its arguments go, when not to the program alone: `acme run`. */
  readonly command?: string
  /** A variable that one may want to set: "`ACME_HOME` of a second account". */
  readonly env: string
  /** A whole sentence. */
  readonly model?: string
  readonly program: string
}) => ({
  id: Field.optional(Text, "Id of the agent. The plugin's name in plugins.toml when left out."),
  program: Field.withDefault(Field.Program, program, "The program: a name on PATH, or an absolute path."),
  model: Field.optional(Text, model),
  args: Field.withDefault(Schema.Array(Schema.String), [], `More arguments of \`${command ?? program}\`.`),
  env: Field.withDefault(Field.Environment, {}, `Environment of the program: ${env}, for example.`),
})

/** For agents that take MCP servers for one run: the key `hub_tools`, to be told in `supports` as well. */
export const hubTools = (name: string) =>
  Field.withDefault(
    Schema.Boolean,
    false,
    `Gives it the hub's own tools, so that it can hand on work. Not needed where the hub is registered with ${name}.`,
  )

/** Nothing without a value. */
export const flag = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, value]

/** The arguments of each permission mode that the program has. */
export type Modes = Readonly<Partial<Record<Agent.Permission, ReadonlyArray<string>>>>

/** Nothing when no mode is asked for: the program's own default. */
export const mode = (modes: Modes, permission: Agent.Permission | undefined): ReadonlyArray<string> =>
  permission === undefined ? [] : (modes[permission] ?? [])
