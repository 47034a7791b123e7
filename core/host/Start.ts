/** Starts one instance: code → config → setup → handles, inside the hub, in a worker or in a process. */
import * as path from "node:path"
import { Cause, Context, Duration, Effect, Fiber, type Schema, Scope, Stream } from "effect"
import { PluginFailed, type PluginPhase } from "../plugin/Catalogue.ts"
import type { Contributions, Migration, Plugin, PluginServices } from "../plugin/Plugin.ts"
import { ofPlugin } from "../services/Log.ts"
import { Secrets } from "../services/Secrets.ts"
import { decode } from "../toml/Toml.ts"
import { type Border, type Limits, within } from "./Border.ts"
import * as Guard from "./Guard.ts"
import { binder, type Handles } from "./Handles.ts"
import { explain, load } from "./Loader.ts"
import type { Instance } from "./PluginsToml.ts"
import * as Remote from "./Remote.ts"
import type { RpcError } from "./Rpc.ts"
import { filesOf, type Source } from "./Source.ts"
import { subprocess, worker } from "./Transports.ts"
import { fromJson, toJson } from "./Wire.ts"

export interface Started {
  readonly id: string
  readonly summary: string
  readonly handles: Handles
  /** What takes their place while it runs. */
  readonly changes: Stream.Stream<Handles, PluginFailed>
  readonly migrations: ReadonlyArray<Migration>
  /** JSON Schema of the config. */
  readonly config: Readonly<Record<string, unknown>> | undefined
}

export interface Surroundings {
  readonly limits: Limits
  readonly services: Context.Context<PluginServices>
  /** Program and arguments that run a TypeScript plugin's file in a process. */
  readonly runner: ReadonlyArray<string>
  /** A call broke; the plugin stays. */
  readonly broke: (detail: string) => Effect.Effect<void>
  /** It broke outside of any call: it has to be stopped. */
  readonly late: (detail: string) => void
  /** Its worker or process is gone: it may be started again. */
  readonly lost: (detail: string) => void
}

/** Fails with where and why. Closing the scope ends everything that was started. */
export const start = (
  instance: Instance,
  source: Source,
  around: Surroundings,
): Effect.Effect<Started, PluginFailed, Scope.Scope> => {
  const { redact } = Context.get(around.services, Secrets)
  const told = discreet(around, redact)
  const border: Border = {
    plugin: instance.name,
    file: source.kind === "file" ? source.entry : "",
    limits: around.limits,
    services: around.services,
    broke: told.broke,
  }
  return Effect.mapError(
    ofPlugin(instance.name)(started(instance, source, border, told)),
    ({ detail, phase, plugin }) => new PluginFailed({ plugin, phase, detail: redact(detail) }),
  )
}

/** What goes wrong is told without the secrets in it: a plugin's words, a line of its code, what it wrote to stderr. */
const discreet = (around: Surroundings, redact: (text: string) => string): Surroundings => ({
  ...around,
  broke: (detail) => around.broke(redact(detail)),
  late: (detail) => around.late(redact(detail)),
  lost: (detail) => around.lost(redact(detail)),
})

const started = (
  instance: Instance,
  source: Source,
  border: Border,
  around: Surroundings,
): Effect.Effect<Started, PluginFailed, Scope.Scope> => {
  if (instance.isolation === "none") return inside(instance, source, border, around)
  if (source.kind === "file") return outside(instance, source, border, around)
  return failed(
    instance,
    "resolve",
    `a built-in plugin runs inside the hub; isolation = "${instance.isolation}" is for files`,
  )
}

const failed = (instance: Instance, phase: PluginPhase, detail: string) =>
  Effect.fail(new PluginFailed({ plugin: instance.name, phase, detail }))

const inside = Effect.fnUntraced(function* (
  instance: Instance,
  source: Source,
  border: Border,
  around: Surroundings,
) {
  yield* guard(instance, source, around)
  const { setup: limit } = around.limits
  const plugin = yield* bounded(within(instance.name, load(instance.name, source)), limit, () =>
    failed(instance, "import", `did not load within ${Duration.format(limit)}: ${advice}`),
  )
  const config = yield* configOf(instance, plugin.config)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const setup = setUp(plugin, config, instance, scope, border)
  const contributions = yield* bounded(setup, limit, () =>
    failed(instance, "setup", `setup did not end within ${Duration.format(limit)}. ${advice}`),
  )
  const binding = bound(instance, border)
  return {
    id: plugin.id,
    summary: plugin.summary,
    handles: yield* binding(contributions),
    changes: changed(instance, border, contributions.changes, binding),
    migrations: contributions.migrations ?? [],
    config: described(plugin),
  } satisfies Started
})

type Binding = ReturnType<typeof bound>

const bound = (instance: Instance, border: Border) => {
  const binding = binder(border)
  return (contributions: Contributions) => {
    const wrong = shapes(contributions)
    return wrong === undefined
      ? Effect.sync(() => binding(contributions))
      : failed(instance, "register", wrong)
  }
}

const changed = (
  instance: Instance,
  border: Border,
  changes: Contributions["changes"],
  binding: Binding,
): Started["changes"] =>
  (changes ?? Stream.empty).pipe(
    Stream.provideContext(border.services),
    Stream.catchCause((cause) =>
      Stream.fromEffect(failed(instance, "late", explain(Cause.squash(cause), border.file))),
    ),
    Stream.mapEffect(binding),
  )

const described = (plugin: Plugin) => {
  try {
    return toJson(plugin.config)
  } catch {
    return undefined // a schema that JSON Schema cannot say
  }
}

const advice =
  'A plugin that loops without a pause stops the whole hub when it runs inside it; isolation = "worker" or "process" can end it.'

const guard = (instance: Instance, source: Source, around: Surroundings) => {
  const entry = source.kind === "file" ? source.entry : ""
  let files: ReadonlySet<string> | undefined
  return Guard.watch({
    instance: instance.name,
    files: () => (files ??= entry === "" ? new Set<string>() : filesOf(entry)),
    folder: source.kind === "file" && path.basename(entry).startsWith("index.") ? source.folder : undefined,
    late: (how, error) => around.late(`${how}: ${explain(error, entry)}`),
  })
}

const setUp = (
  plugin: Plugin,
  config: unknown,
  instance: Instance,
  scope: Scope.Scope,
  border: Border,
): Effect.Effect<Contributions, PluginFailed> =>
  within(
    instance.name,
    Effect.suspend(() => Scope.provide(plugin.setup(config, { instance: instance.name }), scope)),
  ).pipe(
    Effect.provideContext(border.services),
    Effect.catchCause((cause) => failed(instance, "setup", explain(Cause.squash(cause), border.file))),
  )

/** Does not wait for an effect that cannot be interrupted. */
const bounded = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  limit: Duration.Duration,
  orElse: () => Effect.Effect<never, E>,
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
    Fiber.join(fiber).pipe(
      Effect.timeoutOrElse({ duration: limit, orElse }),
      Effect.ensuring(Effect.sync(() => fiber.interruptUnsafe())),
    ),
  )

const configOf = (instance: Instance, schema: Schema.Top): Effect.Effect<unknown, PluginFailed> =>
  Effect.mapError(
    decode(schema as Schema.Codec<unknown, unknown>, instance.document, {
      at: ["plugin", instance.name, "config"],
    }),
    (invalid) => new PluginFailed({ plugin: instance.name, phase: "config", detail: invalid.message }),
  )

const kinds: Readonly<Record<string, string>> = {
  agents: "id",
  steps: "type",
  conditions: "id",
  operations: "name",
  resources: "uri",
  prompts: "name",
  routes: "path",
  sinks: "id",
  migrations: "id",
  doctor: "id",
}

/** What is wrong with what setup returned; a plugin in JavaScript may return anything. */
const shapes = (contributions: unknown): string | undefined => {
  if (typeof contributions !== "object" || contributions === null)
    return "setup returned no contributions: return { agents: [ … ] }"
  for (const [kind, items] of Object.entries(contributions)) {
    if (kind === "changes" && (items === undefined || Stream.isStream(items))) continue
    const key = kinds[kind]
    if (key === undefined)
      return `there is no kind of contribution "${kind}". Known: ${Object.keys(kinds).join(", ")}.`
    if (items !== undefined && !Array.isArray(items)) return `${kind} is no list`
    const bad = (items ?? []).findIndex(
      (item: unknown) => typeof (item as Record<string, unknown> | undefined)?.[key] !== "string",
    )
    if (bad >= 0) return `${kind}[${bad}] has no ${key}`
  }
  return operationNames(contributions as Contributions)
}

const operationNames = (contributions: Contributions): string | undefined => {
  const bad = contributions.operations?.find(({ name }) => !/^[a-z][a-z0-9_]*$/.test(name))
  return bad === undefined ? undefined : `operation ${JSON.stringify(bad.name)}: a name is lower_snake_case`
}

const outside = Effect.fnUntraced(function* (
  instance: Instance,
  source: Extract<Source, { kind: "file" }>,
  border: Border,
  around: Surroundings,
) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  let up = false
  const lost = (detail: string) => (up ? around.lost(detail) : undefined)
  const connect =
    instance.isolation === "worker"
      ? worker(instance.name, source)
      : subprocess(instance, source, around.runner)
  const on = (phase: PluginPhase) => (error: RpcError) =>
    new PluginFailed({ plugin: instance.name, phase, detail: error.message })
  const remote = yield* Remote.connect({ border, instance: instance.name, connect, lost }).pipe(
    Scope.provide(scope),
    Effect.mapError(on("import")),
  )
  const { config, id, summary } = remote.greeting
  if (config !== undefined) yield* configOf(instance, fromJson(config) as never as Schema.Top)
  const offer = yield* Effect.mapError(
    Remote.setup(remote, instance.config, instance.name, around.limits.setup),
    on("setup"),
  )
  const wrong = shapes(offer)
  if (wrong !== undefined) return yield* failed(instance, "register", wrong)
  up = true
  return {
    id,
    summary,
    handles: Remote.handles(border, remote, offer),
    changes: Stream.empty,
    migrations: offer.migrations ?? [],
    config,
  } satisfies Started
})
