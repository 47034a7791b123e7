/** All rooms put together over one home: the hub, in this process. */
import { Context, Duration, Effect, Layer } from "effect"
import * as Attempt from "../core/dispatch/Attempt.ts"
import * as Cooldowns from "../core/dispatch/Cooldowns.ts"
import * as Dispatch from "../core/dispatch/Dispatch.ts"
import * as Lifecycle from "../core/dispatch/Lifecycle.ts"
import * as Operations from "../core/dispatch/operations/index.ts"
import * as Pipelines from "../core/dispatch/Pipelines.ts"
import * as Plans from "../core/dispatch/Plans.ts"
import * as PluginRuns from "../core/dispatch/PluginRuns.ts"
import * as Projects from "../core/dispatch/Projects.ts"
import * as Runner from "../core/dispatch/Runner.ts"
import * as Store from "../core/dispatch/Store.ts"
import { inspect } from "../core/edge/extras/Doctor.ts"
import { limits } from "../core/host/Border.ts"
import { bind } from "../core/host/Handles.ts"
import * as Host from "../core/host/Host.ts"
import * as Catalogues from "../core/host/Registry.ts"
import * as Sinks from "../core/host/Sinks.ts"
import * as Database from "../core/live/Database.ts"
import * as Engine from "../core/live/Engine.ts"
import * as Events from "../core/live/Events.ts"
import * as Files from "../core/live/Files.ts"
import * as Http from "../core/live/Http.ts"
import * as Log from "../core/live/Log.ts"
import * as Processes from "../core/live/Processes.ts"
import * as Secrets from "../core/live/Secrets.ts"
import * as Storage from "../core/live/Storage.ts"
import * as Supervisor from "../core/live/Supervisor.ts"
import * as Workspace from "../core/live/Workspace.ts"
import * as Conditions from "../core/pipeline/conditions/index.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import { Registry } from "../core/plugin/Catalogue.ts"
import type { PluginServices } from "../core/plugin/Plugin.ts"
import * as Ports from "../core/plugin/api.ts"
import { Home } from "../core/services/Home.ts"
import { Sql } from "../core/services/Sql.ts"
import { builtin } from "./builtin.ts"
import { shipped } from "./shipped.ts"
import pluginsToml from "../plugins.toml" with { type: "text" }

export interface Choices {
  readonly home: Home["Service"]
  /** `--config FILE`: instead of the home's plugins.toml. */
  readonly config?: string | undefined
  /** Starts although a required plugin does not. */
  readonly lenient: boolean
  /** Also writes the log to stderr. */
  readonly verbose: boolean
}

const ports = ({ home, verbose }: Choices) =>
  (verbose ? Log.fileAndStderr : Log.file).pipe(
    Layer.provideMerge(Layer.mergeAll(Engine.layer, Events.layer, Http.layer)),
    Layer.provideMerge(Layer.mergeAll(Database.layer, Secrets.layer)),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.succeed(Home, home),
        Files.layer,
        Processes.layer,
        Supervisor.layer,
        Lifecycle.layer,
        Catalogues.layer,
      ),
    ),
  )

const dispatching = Dispatch.layer.pipe(
  Layer.provideMerge(Runner.layer),
  Layer.provideMerge(Layer.mergeAll(Plans.layer, Attempt.layer)),
  Layer.provideMerge(Layer.mergeAll(Store.layer, Cooldowns.layer, Projects.layer, Pipelines.layer(shipped))),
)

/** What a plugin instance may ask for: its storage and its folder are its own. */
const servicesFor = Effect.gen(function* () {
  const context = yield* Effect.context<
    | Dispatch.Dispatch
    | Runner.Runner
    | Store.Store
    | Sql
    | Home
    | Exclude<PluginServices, Ports.Storage | Ports.Workspace | Ports.Runs>
  >()
  return (instance: string) =>
    Effect.provide(
      Effect.gen(function* () {
        return context.pipe(
          Context.add(Ports.Storage, yield* Storage.forPlugin(instance)),
          Context.add(Ports.Workspace, yield* Workspace.forPlugin(instance)),
          Context.add(Ports.Runs, yield* PluginRuns.forPlugin(instance)),
        ) as Context.Context<PluginServices>
      }),
      context,
    )
})

/** What core itself contributes, through the same border as a plugin. It is there before the first plugin is. */
const core = Effect.gen(function* () {
  const catalogues = yield* Catalogues.Catalogues
  const operations = [...(yield* Operations.make), inspect(yield* Registry)]
  const services = yield* (yield* servicesFor)("core")
  const border = {
    plugin: "core",
    file: import.meta.path,
    // A door that waits for the end of a run waits as long as it was asked to.
    limits: { ...limits, operation: Duration.minutes(20) },
    services,
    broke: (detail: string) => Effect.logError(detail),
  }
  const conditions = Conditions.conditions({ processes: yield* Ports.Processes, env: process.env })
  const handles = { ...bind(border, { operations }), conditions: [...conditions.values()] }
  yield* catalogues.put("core", { state: undefined, handles })
})

const plugins = ({ config, home, lenient }: Choices) =>
  Layer.unwrap(
    Effect.gen(function* () {
      yield* core
      const sql = yield* Sql
      return Host.layer({
        home: home.path,
        file: config,
        fallback: pluginsToml,
        builtin,
        servicesFor: yield* servicesFor,
        migrate: (_instance, plugin, migrations) =>
          Effect.provideService(Storage.migrate(plugin, migrations), Sql, sql),
        reserved: { steps: [...kinds.keys()] },
        lenient,
        watch: true,
      })
    }),
  )

/** The hub. Runs that an earlier one left open go on; they go on once more elsewhere when the scope closes. */
export const layer = (choices: Choices) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const runner = yield* Runner.Runner
      yield* Effect.addFinalizer(() => runner.leave)
      yield* runner.resume
    }),
  ).pipe(
    Layer.provideMerge(Sinks.layer),
    Layer.provideMerge(plugins(choices)),
    Layer.provideMerge(dispatching),
    Layer.provideMerge(ports(choices)),
  )

export type Hub = Layer.Success<ReturnType<typeof layer>>
export { Registry }
