/** One turn with an agent: a session is begun or gone on with, set up, and given the prompt. */
import { Effect } from "effect"
import { type Agent, Failure, Reading } from "hub/plugin"
import type { Config } from "./Config.ts"
import { type Closed, type Connection, Refused } from "./Connection.ts"
import { failureOf, wordsOf } from "./Failures.ts"
import type { Preset } from "./Presets.ts"

type Json = Reading.Json

const { asObjects, asText, at } = Reading

export interface Setting {
  /** Id of the agent, for sentences. */
  readonly agent: string
  readonly config: Config
  readonly preset: Preset
}

export interface Begun {
  readonly id: string
  /** Modes, models and options that it offers. */
  readonly offers: Json
}

/** How long it may take until a session stands: the slowest was seen to need 12 seconds on a busy machine. */
const patience = "60 seconds"

const initialize = {
  protocolVersion: 1,
  // Files and commands are the agent's own affair: the hub is no editor with unsaved text.
  clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
  clientInfo: { name: "hub", title: "hub", version: "1" },
}

/** The session, ready for a prompt. */
export const begin = Effect.fnUntraced(
  function* (acp: Connection, setting: Setting, request: Agent.AgentRequest) {
    const { agent, config } = setting
    const said = yield* acp.request("initialize", initialize)
    if (config.auth_method !== undefined) yield* acp.request("authenticate", { methodId: config.auth_method })
    const begun = yield* opened(acp, agent, said, request)
    const mode = config.mode ?? modeOf(setting, request)
    if (mode !== undefined) yield* choose(acp, agent, begun, modes, mode)
    const model = request.model ?? config.model
    if (model !== undefined && setting.preset.model === undefined)
      yield* choose(acp, agent, begun, models, model)
    return begun
  },
  (effect, _, { agent }) =>
    Effect.timeoutOrElse(effect, {
      duration: patience,
      orElse: () =>
        Effect.fail(
          Failure.of(
            "adapter_mismatch",
            `"${agent}" had no session ready within ${patience}: does its program speak the Agent Client Protocol?`,
          ),
        ),
    }),
)

/** Who has rules wants to be asked, whatever is permitted besides. */
const modeOf = ({ config, preset }: Setting, { permission = "auto" }: Agent.AgentRequest) =>
  preset.modes?.[permission === "bypass" && config.policy.length > 0 ? "auto" : permission]

const opened = Effect.fnUntraced(function* (
  acp: Connection,
  agent: string,
  said: Json,
  { cwd, mcp = [], session }: Agent.AgentRequest,
): Effect.fn.Return<Begun, Failure.Failure | Refused | Closed> {
  const where = { cwd, mcpServers: mcp.map(serverOf) }
  if (session === undefined) {
    const offers = yield* acp.request("session/new", where)
    return { id: asText(offers["sessionId"]) ?? "", offers }
  }
  if (at(said, "agentCapabilities", "loadSession") !== true)
    return yield* no(agent, `cannot go on with a session: ${nameOf(said)} does not offer session/load`)
  const offers = yield* Effect.catchTag(
    acp.request("session/load", { ...where, sessionId: session.id }),
    "Refused",
    (error) =>
      no(
        agent,
        `did not go on with session ${JSON.stringify(session.id)}: ${Reading.brief(wordsOf(error), 300)}`,
      ),
  )
  return { id: session.id, offers }
})

const nameOf = (said: Json): string =>
  `${asText(at(said, "agentInfo", "name")) ?? "its program"} ${asText(at(said, "agentInfo", "version")) ?? ""}`.trim()

const serverOf = ({ args, command, env, name }: Agent.McpServer) => ({
  name,
  command,
  args,
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
})

const no = (agent: string, what: string) => Effect.fail(Failure.of("adapter_mismatch", `"${agent}" ${what}.`))

/** Something of which the session has one at a time. */
interface Choosable {
  readonly what: string
  /** `category` of a config option. */
  readonly category: string
  readonly current: (offers: Json) => unknown
  readonly known: (offers: Json) => ReadonlyArray<unknown>
  readonly method: string
  readonly key: string
}

const modes: Choosable = {
  what: "mode",
  category: "mode",
  current: (offers) => at(offers, "modes", "currentModeId"),
  known: (offers) => asObjects(at(offers, "modes", "availableModes")).map(({ id }) => id),
  method: "session/set_mode",
  key: "modeId",
}

/** Not in the protocol's stable part yet, and what Gemini CLI, Qwen Code and Droid have. */
const models: Choosable = {
  what: "model",
  category: "model",
  current: (offers) => at(offers, "models", "currentModelId"),
  known: (offers) => asObjects(at(offers, "models", "availableModels")).map(({ modelId }) => modelId),
  method: "session/set_model",
  key: "modelId",
}

/** By an option of the session, else by the method for it. Fails when it is not among what is offered. */
const choose = Effect.fnUntraced(function* (
  acp: Connection,
  agent: string,
  { id: sessionId, offers }: Begun,
  one: Choosable,
  wanted: string,
) {
  const option = asObjects(offers["configOptions"]).find(({ category }) => category === one.category)
  const current = option?.["currentValue"] ?? one.current(offers)
  if (current === wanted) return
  const known = [...valuesOf(option), ...one.known(offers)]
  if (!known.includes(wanted)) {
    const offered = known.length === 0 ? "offers none" : `offers ${[...new Set(known)].join(", ")}`
    return yield* no(agent, `cannot work in ${one.what} ${JSON.stringify(wanted)}: it ${offered}`)
  }
  yield* option === undefined
    ? acp.request(one.method, { sessionId, [one.key]: wanted })
    : acp.request("session/set_config_option", { sessionId, configId: option["id"], value: wanted })
})

/** A list of options may be in groups. */
const valuesOf = (option: Json | undefined): ReadonlyArray<unknown> =>
  asObjects(option?.["options"]).flatMap((one) =>
    one["options"] === undefined ? [one["value"]] : asObjects(one["options"]).map(({ value }) => value),
  )

/** An error of the connection as why the attempt failed. `ended`: what the program left when it ended. */
export const failed = (
  { agent }: Setting,
  ended: Effect.Effect<Failure.Failure>,
  error: Failure.Failure | Refused | Closed,
): Effect.Effect<Failure.Failure> => {
  if (error instanceof Failure.Failure) return Effect.succeed(error)
  return error instanceof Refused ? Effect.succeed(failureOf(agent, error)) : ended
}

export const promptOf = ({ id }: Begun, prompt: string): Json => ({
  sessionId: id,
  prompt: [{ type: "text", text: prompt }],
})
