/** Runs the plugins of plugins.toml: starts, watches, restarts and stops them, and keeps their failures to themselves. */
import { Context, Effect, Layer, Schema, Scope, Semaphore, type Stream } from "effect"
import { PluginFailed, type Registry } from "../plugin/Catalogue.ts"
import type { Migration, PluginServices } from "../plugin/Plugin.ts"
import { type Invalid, type TomlSyntax } from "../toml/Toml.ts"
import { type Limits, limits } from "./Border.ts"
import { Instances } from "./Instances.ts"
import { close, type Shared } from "./Life.ts"
import type { Where } from "./PluginsToml.ts"
import { Catalogues, type Reserved } from "./Registry.ts"
import * as Reload from "./Reload.ts"
import type { Serve } from "./Settings.ts"
import type { Builtin } from "./Source.ts"
import * as States from "./States.ts"

export interface Options extends Where {
  readonly builtin: Builtin
  /** The services of one instance; its storage and folder are its own. */
  readonly servicesFor: (instance: string) => Effect.Effect<Context.Context<PluginServices>>
  /** Brings the tables of an instance up to date; the message of a failure is shown. */
  readonly migrate: (
    instance: string,
    plugin: string,
    migrations: ReadonlyArray<Migration>,
  ) => Effect.Effect<void, { readonly message: string }>
  /** Ids that core contributes, by kind. */
  readonly reserved?: Reserved | undefined
  /** Starts although a required plugin does not: for `hub plugins` and `hub doctor`. */
  readonly lenient?: boolean | undefined
  /** Follows changes of plugins.toml and of the plugins' files. */
  readonly watch?: boolean | undefined
  /** Program and arguments that run a TypeScript plugin in a process. `[process.execPath, "__plugin"]` unless told. */
  readonly runner?: ReadonlyArray<string> | undefined
  readonly limits?: Partial<Limits> | undefined
}

/** A required plugin did not start. */
export class HostRefused extends Schema.TaggedError<HostRefused>()("HostRefused", {
  file: Schema.String,
  failures: Schema.Array(PluginFailed),
}) {
  override get message() {
    return `${this.failures.map(({ message }) => message).join("\n")}\nThese plugins are required in ${this.file}. Mend them, or write startup = "optional".`
  }
}

export class Host extends Context.Service<
  Host,
  {
    /** Reads plugins.toml again: changed instances start anew, unchanged ones are left alone. */
    readonly reload: Effect.Effect<void, Invalid | TomlSyntax>
    /** What is wrong with plugins.toml as it stands on disk, while the plugins of the last good one run. */
    readonly problem: Effect.Effect<Invalid | TomlSyntax | undefined>
    /** JSON Schema of an instance's config, once it was set up. */
    readonly config: (instance: string) => Effect.Effect<Readonly<Record<string, unknown>> | undefined>
    /** The file that counts. */
    readonly file: Effect.Effect<string>
    /** `[serve]` of the last good file: at once, then after each change of the file, changed itself or not. */
    readonly serve: Stream.Stream<Serve>
  }
>()("hub/host/Host") {}

/** Everything stops in reverse order when the layer's scope closes. */
export const layer = (
  options: Options,
): Layer.Layer<Host, HostRefused | Invalid | TomlSyntax, Catalogues | Registry> =>
  Layer.effect(Host, make(options))

const make = Effect.fnUntraced(function* (options: Options) {
  const shared = yield* share(options)
  const { instances } = shared
  const file = yield* Reload.make(shared)
  yield* Effect.addFinalizer(() =>
    Effect.forEach(instances.newestFirst, (name) => close(shared, name), { discard: true }),
  )
  const following = options.watch === true ? yield* Reload.follow(shared, file) : undefined
  const failures = yield* file.reload
  const missing = failures.filter(({ plugin }) => file.requires(plugin))
  if (missing.length > 0 && options.lenient !== true)
    return yield* new HostRefused({ file: file.path() ?? options.home, failures: missing })
  if (following !== undefined) yield* following.begin
  return Host.of({
    reload: Effect.asVoid(file.reload),
    problem: Effect.sync(file.problem),
    config: (name) => Effect.sync(() => instances.of(name).config),
    file: Effect.sync(() => file.path() ?? ""),
    serve: file.serve,
  })
})

const share = Effect.fnUntraced(function* (options: Options) {
  const catalogues = yield* Catalogues
  const instances = new Instances()
  const background = yield* Scope.fork(yield* Effect.scope)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  return {
    options,
    limits: { ...limits, ...options.limits },
    catalogues,
    instances,
    states: States.make(catalogues, instances),
    alone: (yield* Semaphore.make(1)).withPermit,
    background,
    later: (effect) => void fork(Effect.forkIn(effect, background)),
  } satisfies Shared
})
