/** `hub agent record` on this machine: the real program, the adapter of this hub, and a model's server on loopback. */
import { Context, Effect, Layer, Schema } from "effect"
import type { Recorder, RecordWish } from "../core/edge/extras/AgentRecord.ts"
import { prober } from "../core/host/handles/agents.ts"
import * as Processes from "../core/live/Processes.ts"
import * as Supervisor from "../core/live/Supervisor.ts"
import type { ProgramAgent } from "../core/plugin/Agent.ts"
import { OperationFailed } from "../core/plugin/Operation.ts"
import type { Plugin, PluginServices } from "../core/plugin/Plugin.ts"
import { Processes as Port } from "../core/services/Processes.ts"
import { type Cli, clis, type Config, withRecipe } from "../core/testing/model/Clis.ts"
import { startModelServer } from "../core/testing/model/Server.ts"
import { record } from "../core/testing/record/Record.ts"
import { scenes } from "../core/testing/record/Scenes.ts"
import { builtin } from "./builtin.ts"
import { recipeOf } from "./recipes.ts"

/** An adapter asks for no service while it is set up. */
const none = Context.empty() as Context.Context<never> as Context.Context<PluginServices>

const agentOf = (plugin: Plugin) =>
  Effect.fnUntraced(function* (given: Readonly<Record<string, unknown>>) {
    const config = yield* Schema.decodeUnknownEffect(plugin.config as Schema.Codec<unknown, unknown>)(given)
    const { agents = [] } = yield* Effect.scoped(
      Effect.orDie(
        Effect.provideContext(plugin.setup(config, { instance: plugin.id.replace("agent-", "") }), none),
      ),
    )
    return agents[0] as ProgramAgent
  })

const recorded = Effect.fnUntraced(function* (wish: RecordWish, cli: Cli) {
  const use = cli.recipe === true ? "agent-command" : `agent-${cli.name}`
  const { default: plugin } = (yield* Effect.promise(() => builtin[use]!())) as { default: Plugin }
  const processes = yield* Port
  const program = yield* processes.which(wish.program ?? cli.name)
  const made = agentOf(plugin)
  const make = cli.recipe === true ? (config: Config) => made(withRecipe(recipeOf(cli.name), config)) : made
  const agent = yield* make({ program })
  const probe = yield* Effect.flatMap(prober, (tools) => agent.probe?.(tools) ?? Effect.succeed(undefined))
  const version = probe?.version ?? "unknown"
  const models = yield* Effect.acquireRelease(Effect.promise(startModelServer), ({ stop }) =>
    Effect.promise(stop),
  )
  const { against, cases, limit, out, told } = wish
  const date = new Date().toISOString().slice(0, 10)
  const rows = yield* record({
    cli,
    agentOf: make,
    program,
    version,
    models,
    out,
    cases,
    limit,
    against,
    date,
    told,
  })
  return { version, rows }
})

export const recorder: Recorder = {
  agents: clis.map(({ name }) => name),
  cases: Object.keys(scenes),
  record: (wish) =>
    recorded(
      wish,
      clis.find(({ name }) => name === wish.agent)!,
    ).pipe(
      Effect.provide(Layer.mergeAll(Processes.layer, Supervisor.layer)),
      Effect.mapError(
        (error) => new OperationFailed({ code: "unavailable", message: (error as Error).message }),
      ),
    ),
}
