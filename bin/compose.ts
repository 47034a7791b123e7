/** All rooms put together over one home: the hub, in this process. */
import { Context, Duration, Effect, Layer, Stream } from "effect"
import * as Asking from "../core/dispatch/Asking.ts"
import * as Attempt from "../core/dispatch/Attempt.ts"
import * as Cooldowns from "../core/dispatch/Cooldowns.ts"
import * as Dispatch from "../core/dispatch/Dispatch.ts"
import * as Operations from "../core/dispatch/operations/index.ts"
import * as Pipelines from "../core/dispatch/Pipelines.ts"
import * as Plans from "../core/dispatch/Plans.ts"
import * as PluginRuns from "../core/dispatch/PluginRuns.ts"
import * as Projects from "../core/dispatch/Projects.ts"
import * as Prompts from "../core/dispatch/Prompts.ts"
import * as Resources from "../core/dispatch/resources/index.ts"
import * as Runner from "../core/dispatch/Runner.ts"
import * as Store from "../core/dispatch/Store.ts"
import { inspectAgents } from "../core/edge/extras/Agents.ts"
import { inspect } from "../core/edge/extras/Doctor.ts"
import { infoOperation } from "../core/edge/extras/Plugins.ts"
import { type Standing, statusOperation } from "../core/edge/extras/Status.ts"
import { tokenOperations } from "../core/edge/extras/Tokens.ts"
import { limits } from "../core/host/Border.ts"
import { bind } from "../core/host/Handles.ts"
import * as Host from "../core/host/Host.ts"
import { info } from "../core/host/PluginInfo.ts"
import * as Catalogues from "../core/host/Registry.ts"
import * as Sinks from "../core/host/Sinks.ts"
import * as Log from "../core/live/Log.ts"
import * as Storage from "../core/live/Storage.ts"
import * as Workspace from "../core/live/Workspace.ts"
import * as Conditions from "../core/pipeline/conditions/index.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import { Registry } from "../core/plugin/Catalogue.ts"
import type { PluginServices } from "../core/plugin/Plugin.ts"
import type { Prompt } from "../core/plugin/Prompt.ts"
import * as Ports from "../core/plugin/api.ts"
import { Home } from "../core/services/Home.ts"
import { Sql } from "../core/services/Sql.ts"
import { Tokens } from "../core/services/Tokens.ts"
import { diagnoseSyntax } from "../core/toml/Toml.ts"
import { builtin } from "./builtin.ts"
import { portsOver } from "./ports.ts"
import * as Rehearsal from "./rehearsal.ts"
import { shipped } from "./shipped.ts"
import pluginsToml from "../plugins.toml" with { type: "text" }

export interface Choices {
  readonly home: Home["Service"]
  /** `--config FILE`: instead of the home's plugins.toml. */
  readonly config?: string | undefined
  /** What `hub_status` tells of this process. Without it this is no hub at work: it takes up no runs and follows no file. */
  readonly standing?: Standing | undefined
  /** Also writes the log to stderr. */
  readonly verbose: boolean
}

const ports = ({ home, verbose }: Choices) =>
  (verbose ? Log.fileAndStderr : Log.file).pipe(
    Layer.provideMerge(Log.atLeast(process.env["HUB_LOG"], verbose ? "debug" : "info")),
    Layer.provideMerge(portsOver(Layer.mergeAll(Layer.succeed(Home, home), Catalogues.layer))),
  )

const asking = Asking.layer.pipe(Layer.provideMerge(Store.layer))

const dispatching = Dispatch.layer.pipe(
  Layer.provideMerge(Runner.layer),
  Layer.provideMerge(Layer.mergeAll(Plans.layer, Attempt.layer)),
  Layer.provideMerge(Layer.mergeAll(Cooldowns.layer, Projects.layer, Pipelines.layer(shipped), asking)),
  Layer.provideMerge(Rehearsal.layer),
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

const migrate = Effect.map(
  Sql,
  (sql): Host.Options["migrate"] =>
    (_instance, plugin, migrations) =>
      Effect.provideService(Storage.migrate(plugin, migrations), Sql, sql),
)

/** Core's own border: the same as a plugin's, but that a door waits for the end of a run as long as it was asked to. */
const borderOf = Effect.gen(function* () {
  return {
    plugin: "core",
    file: import.meta.path,
    limits: { ...limits, operation: Duration.minutes(20) },
    services: yield* (yield* servicesFor)("core"),
    broke: (detail: string) => Effect.logError(detail),
  }
})

/** What core itself contributes, through the same border as a plugin. It is there before the first plugin is. */
const core = Effect.gen(function* () {
  const catalogues = yield* Catalogues.Catalogues
  const operations = [
    ...(yield* Operations.make),
    ...tokenOperations(yield* Tokens),
    inspect(yield* Registry),
    inspectAgents({ registry: yield* Registry, processes: yield* Ports.Processes }),
  ]
  const conditions = Conditions.conditions({ processes: yield* Ports.Processes, env: process.env })
  const handles = {
    ...bind(yield* borderOf, { operations, resources: yield* Resources.make }),
    conditions: [...conditions.values()],
  }
  yield* catalogues.put("core", { state: undefined, handles })
})

const plugins = ({ config, home, standing }: Choices) =>
  Layer.unwrap(
    Effect.gen(function* () {
      yield* core
      return Host.layer({
        home: home.path,
        file: config,
        fallback: pluginsToml,
        builtin,
        servicesFor: yield* servicesFor,
        migrate: yield* migrate,
        reserved: { steps: [...kinds.keys()] },
        watch: standing !== undefined,
      })
    }),
  )

/** The services of plugins over an empty home: where `hub plugin test` tries one. */
export const workbench = (home: Home["Service"]) =>
  Layer.unwrap(
    Effect.gen(function* () {
      return Layer.succeed(Workbench, { servicesFor: yield* servicesFor, migrate: yield* migrate })
    }),
  ).pipe(
    Layer.provideMerge(dispatching),
    Layer.provideMerge(ports({ home, config: undefined, verbose: false })),
  )

export class Workbench extends Context.Service<Workbench, Pick<Host.Options, "servicesFor" | "migrate">>()(
  "hub/bin/Workbench",
) {}

/** What core contributes of the plugins and of the hub itself, once there are some. */
const aboutItself = ({ standing }: Choices) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const catalogues = yield* Catalogues.Catalogues
      const registry = yield* Registry
      const host = yield* Host.Host
      const { open } = yield* Store.Store
      const find = (name: string) =>
        info(name).pipe(Effect.provideService(Registry, registry), Effect.provideService(Host.Host, host))
      const names = Effect.map(registry.current, ({ plugins }) => plugins.map(({ instance }) => instance))
      const status =
        standing === undefined ? [] : [statusOperation({ standing, registry, file: host.file, open })]
      const handles = bind(yield* borderOf, { operations: [infoOperation(find, names), ...status] })
      yield* catalogues.put("core: itself", { state: undefined, handles })
    }),
  )

/** Pipelines that are prompts, and whatever becomes of them. */
const prompts = ({ standing }: Choices) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      if (standing === undefined) return
      const catalogues = yield* Catalogues.Catalogues
      const border = yield* borderOf
      const put = (prompts: ReadonlyArray<Prompt>) =>
        catalogues.put("core: prompts", { state: undefined, handles: bind(border, { prompts }) })
      yield* Effect.forkScoped(Stream.runForEach(yield* Prompts.make, put))
    }),
  )

/** Runs that an earlier hub left open go on; they go on once more elsewhere when the scope closes. */
const working = ({ standing }: Choices) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      if (standing === undefined) return
      const { mode, pid, version } = standing
      const runner = yield* Runner.Runner
      yield* Effect.addFinalizer(() => Effect.andThen(Effect.logInfo("hub ends"), runner.leave))
      const open = yield* runner.resume
      yield* Effect.annotateLogs(Effect.logInfo("hub starts"), { version, pid, mode, open_runs: open })
    }),
  )

/** The hub. */
export const layer = (choices: Choices) =>
  working(choices).pipe(
    Layer.provideMerge(Layer.mergeAll(Sinks.layer, aboutItself(choices), prompts(choices))),
    Layer.provideMerge(plugins(choices)),
    Layer.provideMerge(dispatching),
    Layer.provideMerge(ports(choices)),
  )

/** What is wrong with plugins.toml, when that is why the hub does not start. */
export const findings = (error: Layer.Error<ReturnType<typeof layer>>): { diagnostics?: unknown } => {
  if (error._tag === "Invalid") return { diagnostics: error.diagnostics }
  return error._tag === "TomlSyntax" ? { diagnostics: [diagnoseSyntax(error)] } : {}
}

export { Registry, Tokens }
export { Runner } from "../core/dispatch/Runner.ts"
export { Host } from "../core/host/Host.ts"
export { Engine } from "../core/services/Engine.ts"
export { Events } from "../core/services/Events.ts"
export { Supervisor } from "../core/services/Supervisor.ts"
