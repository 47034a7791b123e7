/** Runs the plugins of plugins.toml: starts, watches, restarts and stops them, and keeps their failures to themselves. */
import * as path from "node:path"
import { Context, Duration, Effect, Exit, Fiber, Layer, Schema, Scope, Semaphore, Stream } from "effect"
import { PluginFailed, type PluginPhase, type PluginState, type Registry } from "../plugin/Catalogue.ts"
import type { Migration, PluginServices } from "../plugin/Plugin.ts"
import { type Invalid, type TomlSyntax } from "../toml/Toml.ts"
import { type Limits, limits as standard } from "./Border.ts"
import { type Handles, idsOf, none } from "./Handles.ts"
import { type Instance, type PluginsToml, read, type Where } from "./PluginsToml.ts"
import { Catalogues, conflicts, type Reserved } from "./Registry.ts"
import { type Builtin, filesOf, find, fingerprint, type Source } from "./Source.ts"
import { type Started, start } from "./Start.ts"
import { watch } from "./Watch.ts"

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
  }
>()("hub/host/Host") {}

interface Running {
  readonly key: string
  readonly source: Source | undefined
  readonly scope: Scope.Closeable
}

interface Prepared {
  readonly instance: Instance
  readonly scope: Scope.Closeable
  readonly result: Exit.Exit<Started, PluginFailed>
}

/** Starts after a worker or process was lost, and the pause before each. */
const RESTARTS = [Duration.seconds(1), Duration.seconds(4), Duration.seconds(16)]

/** Everything stops in reverse order when the layer's scope closes. */
export const layer = (
  options: Options,
): Layer.Layer<Host, HostRefused | Invalid | TomlSyntax, Catalogues | Registry> =>
  Layer.effect(Host, make(options))

const make = Effect.fnUntraced(function* (options: Options) {
  const catalogues = yield* Catalogues
  const running = new Map<string, Running>()
  const starts = new Map<string, number>()
  const configs = new Map<string, Started["config"]>()
  const lock = yield* Semaphore.make(1)
  const background = yield* Scope.fork(yield* Effect.scope)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const runLater = <A>(effect: Effect.Effect<A>) => fork(Effect.forkIn(effect, background))
  const limits: Limits = { ...standard, ...options.limits }
  const runner = options.runner ?? [process.execPath, "__plugin"]
  let problem: Invalid | TomlSyntax | undefined
  let toml: PluginsToml | undefined

  const show = (
    instance: Instance,
    state: PluginState["state"],
    more: Partial<PluginState> = {},
    handles: Handles = none,
  ) =>
    catalogues.put(instance.name, {
      handles,
      state: {
        instance: instance.name,
        use: instance.use,
        isolation: instance.isolation,
        startup: instance.startup,
        state,
        contributes: idsOf(handles),
        starts: starts.get(instance.name) ?? 0,
        ...more,
      },
    })

  const showFailure = (
    instance: Instance,
    { detail, phase }: { readonly phase: PluginPhase; readonly detail: string },
    more: Partial<PluginState> = {},
  ) =>
    Effect.andThen(
      show(instance, "failed", { ...more, failure: { phase, detail } }),
      Effect.logError(`plugin "${instance.name}" failed in ${phase}: ${detail}`),
    )

  /** A call broke: the plugin stays, and says what happened last. */
  const broke = (instance: Instance) => (detail: string) =>
    Effect.flatMap(catalogues.get(instance.name), (entry) =>
      entry?.state?.state === "ready"
        ? Effect.andThen(
            catalogues.put(instance.name, {
              ...entry,
              state: { ...entry.state, failure: { phase: "call", detail } },
            }),
            Effect.logWarning(detail),
          )
        : Effect.void,
    )

  const close = (name: string) =>
    Effect.suspend(() => {
      const one = running.get(name)
      if (one === undefined) return Effect.void
      running.delete(name)
      return Effect.forkDetach(Scope.close(one.scope, Exit.void)).pipe(
        Effect.flatMap((fiber) =>
          Effect.asVoid(
            Effect.exit(
              Effect.timeoutOption(
                Effect.promise(() => new Promise<void>((done) => fiber.addObserver(() => done()))),
                limits.stop,
              ),
            ),
          ),
        ),
      )
    })

  /** Ends an instance that broke outside of a call, unless it was stopped or started anew meanwhile. */
  const fall = (instance: Instance, scope: Scope.Closeable, phase: PluginPhase, detail: string) =>
    lock.withPermit(
      Effect.suspend(() => {
        if (running.get(instance.name)?.scope !== scope) return Effect.succeed(false)
        return Effect.as(
          Effect.andThen(showFailure(instance, { phase, detail }), putDown(instance.name)),
          true,
        )
      }),
    )

  /** Stops a failed instance, but remembers what failed, so that a reload without a change leaves it alone. */
  const putDown = (name: string) =>
    Effect.suspend(() => {
      const one = running.get(name)
      const stopped =
        one === undefined
          ? Effect.void
          : Effect.sync(() => running.set(name, { ...one, scope: Scope.makeUnsafe() }))
      return Effect.andThen(close(name), stopped)
    })
  const sources = new Map<string, Source | undefined>()

  const lose = (instance: Instance, scope: Scope.Closeable, detail: string) =>
    Effect.gen(function* () {
      const count = lost.get(instance.name) ?? 0
      const pause = RESTARTS[count]
      const next =
        pause === undefined
          ? "It was started again three times already; it stays down until its file or plugins.toml changes."
          : `It starts again in ${Duration.format(pause)} (${count + 1} of ${RESTARTS.length}).`
      if (!(yield* fall(instance, scope, "call", `${detail}. ${next}`)) || pause === undefined) return
      lost.set(instance.name, count + 1)
      const stopped = running.get(instance.name)
      yield* Effect.sleep(pause)
      yield* lock.withPermit(
        Effect.suspend(() =>
          running.get(instance.name) === stopped ? Effect.asVoid(bringUp([instance])) : Effect.void,
        ),
      )
    })
  const lost = new Map<string, number>()

  /** Code, config and setup; side by side for all instances. */
  const prepare = (instance: Instance) =>
    Effect.gen(function* () {
      starts.set(instance.name, (starts.get(instance.name) ?? 0) + 1)
      yield* show(instance, "starting")
      const scope = Scope.makeUnsafe()
      const found = yield* Effect.exit(find(instance, options.builtin, options.home))
      const source = Exit.isSuccess(found) ? found.value : undefined
      sources.set(instance.name, source)
      running.set(instance.name, { key: keyOf(instance, source), source, scope })
      const services = yield* options.servicesFor(instance.name)
      const attempt = Effect.flatMap(found, (source) =>
        start(instance, source, {
          limits,
          services,
          runner,
          broke: broke(instance),
          late: (detail) => void runLater(fall(instance, scope, "late", detail)),
          lost: (detail) => void runLater(lose(instance, scope, detail)),
        }),
      )
      return { instance, scope, result: yield* Effect.exit(Scope.provide(attempt, scope)) }
    })

  /** Ids and tables; one after the other, in the order of the file, so that the later of two with one id fails. */
  const register = Effect.fnUntraced(function* (instance: Instance, started: Started) {
    configs.set(instance.name, started.config)
    const twice = conflicts(instance.name, started.handles, yield* catalogues.entries, options.reserved ?? {})
    if (twice.length > 0)
      return yield* new PluginFailed({ plugin: instance.name, phase: "register", detail: twice.join("\n") })
    yield* Effect.mapError(
      options.migrate(instance.name, started.id, started.migrations),
      ({ message }) => new PluginFailed({ plugin: instance.name, phase: "migrate", detail: message }),
    )
    yield* show(instance, "ready", { id: started.id, summary: started.summary }, started.handles)
  })

  /** Puts a prepared instance into the catalogue, or shows why not; then gives the failure. */
  const settle = Effect.fnUntraced(function* ({ instance, result, scope }: Prepared) {
    if (running.get(instance.name)?.scope !== scope) return undefined
    const done = yield* Effect.exit(Effect.flatMap(result, (started) => register(instance, started)))
    if (Exit.isSuccess(done)) return undefined
    const failure = failureOf(instance, done)
    const known = Exit.isSuccess(result) ? { id: result.value.id, summary: result.value.summary } : {}
    yield* showFailure(instance, failure, known)
    yield* putDown(instance.name)
    return failure
  })

  /** Gives the failures. A plugin that is slow, or hangs, is settled later: it keeps no other one waiting. */
  const bringUp = Effect.fnUntraced(function* (instances: ReadonlyArray<Instance>) {
    const preparing = yield* Effect.forEach(instances, (instance) =>
      Effect.map(Effect.forkIn(prepare(instance), background), (fiber) => ({ instance, fiber })),
    )
    const required = preparing.filter(({ instance }) => instance.startup === "required")
    yield* Effect.raceFirst(
      Fiber.awaitAll(preparing.map(({ fiber }) => fiber)),
      Effect.andThen(Fiber.awaitAll(required.map(({ fiber }) => fiber)), Effect.sleep(limits.patience)),
    )
    const failures: Array<PluginFailed> = []
    for (const { fiber } of preparing) {
      const later = Effect.flatMap(Fiber.join(fiber), (prepared) => lock.withPermit(settle(prepared)))
      if (fiber.pollUnsafe() === undefined) yield* Effect.forkIn(later, background)
      else {
        const failure = yield* settle(yield* Fiber.join(fiber))
        if (failure !== undefined) failures.push(failure)
      }
    }
    return failures
  })

  const take = Effect.fnUntraced(function* (next: PluginsToml) {
    toml = next
    const wanted = new Map(next.instances.map((instance) => [instance.name, instance]))
    for (const name of [...running.keys()].toReversed()) {
      const instance = wanted.get(name)
      if (instance !== undefined && running.get(name)?.key === (yield* currentKey(instance))) continue
      lost.delete(name)
      yield* close(name)
      if (instance === undefined) yield* catalogues.put(name, undefined)
    }
    return yield* bringUp(next.instances.filter(({ name }) => !running.has(name)))
  })

  const currentKey = (instance: Instance) =>
    Effect.map(Effect.exit(find(instance, options.builtin, options.home)), (found) =>
      keyOf(instance, Exit.isSuccess(found) ? found.value : undefined),
    )

  const reload = lock.withPermit(
    Effect.gen(function* () {
      const next = yield* Effect.tapError(read(options), (error) => {
        problem = error
        return catalogues.problem(error.message)
      })
      if (problem !== undefined) yield* catalogues.problem(undefined)
      problem = undefined
      return yield* take(next)
    }),
  )

  yield* Effect.addFinalizer(() => Effect.forEach([...running.keys()].toReversed(), close, { discard: true }))
  const failures = yield* reload
  const missing = failures.filter(({ plugin }) =>
    toml?.instances.some(({ name, startup }) => name === plugin && startup === "required"),
  )
  if (missing.length > 0 && options.lenient !== true)
    return yield* new HostRefused({ file: toml?.file ?? options.home, failures: missing })

  const written = () =>
    (toml?.instances ?? [])
      .filter(({ use }) => /^\.{0,2}\//.test(use))
      .map(({ folder, use }) => path.resolve(folder, use))
  const paths = () => [
    toml?.file ?? "",
    ...written(),
    ...[...sources.values()].flatMap((source) => (source?.kind === "file" ? [...filesOf(source.entry)] : [])),
  ]
  if (options.watch === true) {
    const { changes, cover } = yield* watch(options.home)
    yield* cover(paths())
    yield* Stream.fromQueue(changes).pipe(
      Stream.debounce("100 millis"),
      Stream.runForEach(() =>
        Effect.andThen(
          Effect.catch(Effect.asVoid(reload), (error) =>
            Effect.logError(`${error.message}\nThe plugins of the last good file run on.`),
          ),
          Effect.suspend(() => cover(paths())),
        ),
      ),
      Effect.forkIn(background),
    )
  }
  return Host.of({
    reload: Effect.asVoid(reload),
    problem: Effect.sync(() => problem),
    config: (name) => Effect.sync(() => configs.get(name)),
    file: Effect.sync(() => toml?.file ?? ""),
  })
})

const failureOf = (instance: Instance, exit: Exit.Exit<unknown, PluginFailed>): PluginFailed => {
  const error = Exit.isFailure(exit) ? Exit.findErrorOption(exit) : undefined
  if (error?._tag === "Some") return error.value
  return new PluginFailed({
    plugin: instance.name,
    phase: "register",
    detail: String(Exit.isFailure(exit) ? exit.cause : ""),
  })
}

/** Changes when the instance has to start anew. */
const keyOf = (instance: Instance, source: Source | undefined): string =>
  JSON.stringify([
    instance.use,
    instance.isolation,
    instance.command,
    instance.env,
    instance.config,
    source === undefined ? "unresolved" : fingerprint(source),
  ])
