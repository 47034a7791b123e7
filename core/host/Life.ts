/** The life of an instance: prepare → settle → ready; it falls, is lost and comes back, and is closed. */
import { Context, Duration, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { PluginFailed, type PluginPhase } from "../plugin/Catalogue.ts"
import { Secrets } from "../services/Secrets.ts"
import type { Limits } from "./Border.ts"
import type { Options } from "./Host.ts"
import type { Instances } from "./Instances.ts"
import type { Instance } from "./PluginsToml.ts"
import { type Catalogues, conflicts } from "./Registry.ts"
import { find, fingerprint, type Source } from "./Source.ts"
import { type Started, start } from "./Start.ts"
import type { States } from "./States.ts"

/** What the host's parts share. */
export interface Shared {
  readonly options: Options
  readonly limits: Limits
  readonly catalogues: Catalogues["Service"]
  readonly instances: Instances
  readonly states: States
  /** One change of the instances at a time. */
  readonly alone: <A, E>(change: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Ends with the host. */
  readonly background: Scope.Scope
  /** Runs it in the background, from outside of any effect. */
  readonly later: (effect: Effect.Effect<unknown>) => void
}

interface Prepared {
  readonly instance: Instance
  readonly scope: Scope.Closeable
  readonly result: Exit.Exit<Started, PluginFailed>
}

/** Starts after a worker or process was lost, and the pause before each. */
const RESTARTS = [Duration.seconds(1), Duration.seconds(4), Duration.seconds(16)]

/** Starts them, and gives the failures. The caller is alone. A plugin that is slow, or hangs, is settled later: it keeps no other one waiting. */
export const bringUp = Effect.fnUntraced(function* (
  host: Shared,
  instances: ReadonlyArray<Instance>,
): Effect.fn.Return<ReadonlyArray<PluginFailed>> {
  yield* Effect.forEach(instances, (instance) => learn(host, instance), { discard: true })
  const preparing = yield* Effect.forEach(instances, (instance) =>
    Effect.map(Effect.forkIn(prepare(host, instance), host.background), (fiber) => ({ instance, fiber })),
  )
  yield* patience(host, preparing)
  const failures: Array<PluginFailed> = []
  for (const { fiber } of preparing) {
    const later = Effect.flatMap(Fiber.join(fiber), (prepared) => host.alone(settle(host, prepared)))
    if (fiber.pollUnsafe() === undefined) yield* Effect.forkIn(later, host.background)
    else failures.push(...(yield* settle(host, yield* Fiber.join(fiber))))
  }
  return failures
})

/** What is named in `env` is redacted wherever it would be written, from before the first plugin runs. */
const learn = Effect.fnUntraced(function* ({ options }: Shared, { env, name }: Instance) {
  if (env.length === 0) return
  const { get } = Context.get(yield* options.servicesFor(name), Secrets)
  yield* Effect.forEach(env, (variable) => Effect.ignore(get(variable)), { discard: true })
})

/** Waits for all, but once the required ones are there no longer than others may keep them waiting. */
const patience = (
  { limits }: Shared,
  preparing: ReadonlyArray<{ readonly instance: Instance; readonly fiber: Fiber.Fiber<Prepared> }>,
) => {
  const required = preparing.filter(({ instance }) => instance.startup === "required")
  return Effect.raceFirst(
    Fiber.awaitAll(preparing.map(({ fiber }) => fiber)),
    Effect.andThen(Fiber.awaitAll(required.map(({ fiber }) => fiber)), Effect.sleep(limits.patience)),
  )
}

/** Code, config and setup; side by side for all instances. */
const prepare = Effect.fnUntraced(function* (host: Shared, instance: Instance) {
  const { instances, limits, options, states } = host
  const { name } = instance
  instances.note(name, { starts: instances.of(name).starts + 1 })
  yield* states.starting(instance)
  const scope = Scope.makeUnsafe()
  const found = yield* Effect.exit(find(instance, options.builtin, options.home))
  const source = Exit.isSuccess(found) ? found.value : undefined
  instances.set(name, { key: keyOf(instance, source), source, scope })
  const services = yield* options.servicesFor(name)
  const attempt = Effect.flatMap(found, (source) =>
    start(instance, source, {
      limits,
      services,
      runner: options.runner ?? [process.execPath, "__plugin"],
      broke: states.broke(name),
      late: (detail) => host.later(fall(host, instance, scope, "late", detail)),
      lost: (detail) => host.later(lose(host, instance, scope, detail)),
    }),
  )
  return { instance, scope, result: yield* Effect.exit(Scope.provide(attempt, scope)) } satisfies Prepared
})

/** Puts a prepared instance into the catalogue, or shows why not and gives the failure. */
const settle = Effect.fnUntraced(function* (host: Shared, { instance, result, scope }: Prepared) {
  if (!host.instances.isNow(instance.name, scope)) return []
  const done = yield* Effect.exit(Effect.tap(result, (started) => register(host, instance, started)))
  if (Exit.isSuccess(done)) {
    yield* Effect.forkIn(follow(host, instance, scope, done.value), scope)
    return []
  }
  const failure = failureOf(instance, done)
  const known = Exit.isSuccess(result) ? { id: result.value.id, summary: result.value.summary } : {}
  yield* host.states.failed(instance, failure, known)
  yield* putDown(host, instance.name)
  return [failure]
})

/** Puts what a plugin contributes by now in the place of what it did before. */
const follow = (host: Shared, instance: Instance, scope: Scope.Closeable, started: Started) =>
  Stream.runForEach(started.changes, (handles) =>
    host.alone(
      Effect.suspend(() =>
        host.instances.isNow(instance.name, scope)
          ? register(host, instance, { ...started, handles })
          : Effect.void,
      ),
    ),
  ).pipe(
    // In the background: the end of the instance is the end of this too.
    Effect.catch(({ detail, phase }) =>
      Effect.sync(() => host.later(fall(host, instance, scope, phase, detail))),
    ),
  )

/** Ids and tables; one after the other, in the order of the file, so that the later of two with one id fails. */
const register = Effect.fnUntraced(function* (host: Shared, instance: Instance, started: Started) {
  const { catalogues, instances, options, states } = host
  const { name } = instance
  instances.note(name, { config: started.config })
  const twice = conflicts(name, started.handles, yield* catalogues.entries, options.reserved ?? {})
  if (twice.length > 0)
    return yield* new PluginFailed({ plugin: name, phase: "register", detail: twice.join("\n") })
  yield* Effect.mapError(
    options.migrate(name, started.id, started.migrations),
    ({ message }) => new PluginFailed({ plugin: name, phase: "migrate", detail: message }),
  )
  yield* states.ready(instance, started)
})

const failureOf = ({ name }: Instance, exit: Exit.Failure<unknown, PluginFailed>): PluginFailed => {
  const error = Exit.findErrorOption(exit)
  if (error._tag === "Some") return error.value
  return new PluginFailed({ plugin: name, phase: "register", detail: String(exit.cause) })
}

/** Ends an instance that broke outside of a call; false when it was stopped or started anew meanwhile. */
const fall = (
  host: Shared,
  instance: Instance,
  scope: Scope.Closeable,
  phase: PluginPhase,
  detail: string,
): Effect.Effect<boolean> =>
  host.alone(
    Effect.suspend(() => {
      if (!host.instances.isNow(instance.name, scope)) return Effect.succeed(false)
      const shown = host.states.failed(instance, { phase, detail })
      return Effect.as(Effect.andThen(shown, putDown(host, instance.name)), true)
    }),
  )

/** Its worker or process is gone: it falls, and comes back after a pause, a few times. */
const lose = Effect.fnUntraced(function* (
  host: Shared,
  instance: Instance,
  scope: Scope.Closeable,
  detail: string,
): Effect.fn.Return<void> {
  const { instances } = host
  const { name } = instance
  const count = instances.of(name).lost
  const pause = RESTARTS[count]
  const fallen = yield* fall(host, instance, scope, "call", `${detail}. ${outlook(count, pause)}`)
  if (!fallen || pause === undefined) return
  instances.note(name, { lost: count + 1 })
  const stopped = instances.now(name)
  yield* Effect.sleep(pause)
  yield* host.alone(
    Effect.suspend(() =>
      instances.now(name) === stopped ? Effect.asVoid(bringUp(host, [instance])) : Effect.void,
    ),
  )
})

const outlook = (count: number, pause: Duration.Duration | undefined): string =>
  pause === undefined
    ? "It was started again three times already; it stays down until its file or plugins.toml changes."
    : `It starts again in ${Duration.format(pause)} (${count + 1} of ${RESTARTS.length}).`

/** Stops a failed instance, but remembers what failed, so that a reload without a change leaves it alone. */
const putDown = (host: Shared, name: string) =>
  Effect.suspend(() => {
    const failed = host.instances.now(name)
    const remembered =
      failed === undefined
        ? Effect.void
        : Effect.sync(() => host.instances.set(name, { ...failed, scope: Scope.makeUnsafe() }))
    return Effect.andThen(close(host, name), remembered)
  })

/** Releases what its setup acquired, and waits for that as long as a plugin may take. */
export const close = ({ instances, limits }: Shared, name: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const one = instances.remove(name)
    if (one === undefined) return Effect.void
    return Effect.forkDetach(Scope.close(one.scope, Exit.void)).pipe(
      Effect.flatMap((fiber) => Effect.exit(Effect.timeoutOption(ended(fiber), limits.stop))),
      Effect.asVoid,
    )
  })

/** Cannot fail and does not interrupt what it waits for. */
const ended = (fiber: Fiber.Fiber<unknown>) =>
  Effect.promise(() => new Promise<void>((done) => fiber.addObserver(() => done())))

/** As the files are now. */
export const currentKey = ({ options }: Shared, instance: Instance): Effect.Effect<string> =>
  Effect.map(Effect.exit(find(instance, options.builtin, options.home)), (found) =>
    keyOf(instance, Exit.isSuccess(found) ? found.value : undefined),
  )

/** Changes when the instance has to start anew. */
const keyOf = ({ command, config, env, isolation, use }: Instance, source: Source | undefined): string =>
  JSON.stringify([
    use,
    isolation,
    command,
    env,
    config,
    source === undefined ? "unresolved" : fingerprint(source),
  ])
