/** What a plugin contributes, learnt by setting it up as its sample says, with services that do nothing. */
import { Context, Effect, Exit, Schema } from "effect"
import type { Contribution } from "../core/docs/PluginPage.ts"
import type { Contributions, Plugin, PluginServices } from "../core/plugin/Plugin.ts"
import { Events } from "../core/services/Events.ts"
import { Http } from "../core/services/Http.ts"
import { Processes } from "../core/services/Processes.ts"
import { Runs } from "../core/services/Runs.ts"
import { Secrets } from "../core/services/Secrets.ts"
import { Storage } from "../core/services/Storage.ts"
import { Workspace } from "../core/services/Workspace.ts"
import { parse } from "../core/toml/Toml.ts"

const Sample = Schema.Struct({
  plugin: Schema.Record(Schema.String, Schema.Struct({ config: Schema.optionalKey(Schema.Unknown) })),
})

/** Undefined when the setup needs more than its config. */
export const contributionsOf = async (plugin: Plugin, sample: string): Promise<Contributions | undefined> => {
  const exit = await Effect.runPromiseExit(
    setUp(plugin, sample).pipe(Effect.scoped, Effect.timeout("1 minute")),
  )
  return Exit.isSuccess(exit) ? exit.value : undefined
}

const setUp = Effect.fnUntraced(function* (plugin: Plugin, sample: string) {
  const { value } = yield* parse(sample, "sample.toml")
  const { plugin: instances } = yield* Schema.decodeUnknownEffect(Sample)(value)
  const [instance = plugin.id, table] = Object.entries(instances)[0] ?? []
  const config = yield* Schema.decodeUnknownEffect(plugin.config as Schema.Codec<unknown, unknown>)(
    table?.config ?? {},
  )
  return yield* Effect.provide(plugin.setup(config, { instance }), services)
})

/** Each method dies: a setup that calls one cannot be documented this way. */
const nothing = <S>(): S => new Proxy({}, { get: () => () => Effect.die("documents have no services") }) as S

const services: Context.Context<PluginServices> = Context.empty().pipe(
  Context.add(Events, nothing<Events["Service"]>()),
  Context.add(Http, nothing<Http["Service"]>()),
  Context.add(Processes, nothing<Processes["Service"]>()),
  Context.add(Runs, nothing<Runs["Service"]>()),
  Context.add(Secrets, nothing<Secrets["Service"]>()),
  Context.add(Storage, nothing<Storage["Service"]>()),
  Context.add(Workspace, nothing<Workspace["Service"]>()),
)

/** In the order of kinds. */
export const listed = (made: Contributions): ReadonlyArray<Contribution> => [
  ...(made.agents ?? []).map(({ id, summary }) => ({ kind: "agent", id, summary })),
  ...(made.steps ?? []).map(({ type, summary }) => ({ kind: "step", id: type, summary })),
  ...(made.conditions ?? []).map(({ id, summary }) => ({ kind: "condition", id, summary })),
  ...(made.operations ?? []).map(({ name, summary }) => ({ kind: "operation", id: name, summary })),
  ...(made.resources ?? []).map(({ uri, summary }) => ({ kind: "resource", id: uri, summary })),
  ...(made.prompts ?? []).map(({ name, summary }) => ({ kind: "prompt", id: name, summary })),
  ...(made.routes ?? []).map(({ method, path, summary }) => ({
    kind: "route",
    id: `${method} ${path}`,
    summary,
  })),
  ...(made.sinks ?? []).map(({ id, summary }) => ({ kind: "sink", id, summary })),
]
