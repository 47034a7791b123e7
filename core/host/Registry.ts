/** The catalogue: immutable snapshots, each change a new one. */
import { Context, Effect, Layer, Stream, SubscriptionRef } from "effect"
import { type Catalogue, empty, type PluginState, Registry } from "../plugin/Catalogue.ts"
import { type Handles, idsOf } from "./Handles.ts"

/** One source of contributions: an instance of plugins.toml, or core (without a state). */
export interface Entry {
  readonly state: PluginState | undefined
  readonly handles: Handles
}

/** Writes what `Registry` reads. For the host and for core's own contributions. */
export class Catalogues extends Context.Service<
  Catalogues,
  {
    /** Puts, or takes away, the contributions of one source. The order of first appearance stays. */
    readonly put: (name: string, entry: Entry | undefined) => Effect.Effect<void>
    readonly get: (name: string) => Effect.Effect<Entry | undefined>
    readonly entries: Effect.Effect<ReadonlyMap<string, Entry>>
    /** What is wrong with the file itself; nothing once it is good again. */
    readonly problem: (message: string | undefined) => Effect.Effect<void>
  }
>()("hub/host/Catalogues") {}

interface Held {
  readonly entries: ReadonlyMap<string, Entry>
  readonly catalogue: Catalogue
}

/** The empty registry and its writer. */
export const layer: Layer.Layer<Registry | Catalogues> = Layer.effectContext(
  Effect.gen(function* () {
    const held = yield* SubscriptionRef.make<Held>({ entries: new Map(), catalogue: empty })
    const put = (name: string, entry: Entry | undefined) =>
      SubscriptionRef.update(held, (now) => changed(now, name, entry))
    const problem = (message: string | undefined) =>
      SubscriptionRef.update(held, ({ catalogue, entries }) => ({
        entries,
        catalogue: { ...catalogue, problem: message },
      }))
    const entries = Effect.map(SubscriptionRef.get(held), (now) => now.entries)
    return Context.make(
      Registry,
      Registry.of({
        current: Effect.map(SubscriptionRef.get(held), catalogueOf),
        changes: Stream.map(SubscriptionRef.changes(held), catalogueOf),
      }),
    ).pipe(
      Context.add(
        Catalogues,
        Catalogues.of({ put, entries, problem, get: (name) => Effect.map(entries, (all) => all.get(name)) }),
      ),
    )
  }),
)

const catalogueOf = (held: Held) => held.catalogue

const changed = (now: Held, name: string, entry: Entry | undefined): Held => {
  const entries = new Map(now.entries)
  if (entry === undefined) entries.delete(name)
  else entries.set(name, entry)
  const { problem, revision } = now.catalogue
  return { entries, catalogue: { ...merge(revision + 1, [...entries.values()]), problem } }
}

const merge = (revision: number, entries: ReadonlyArray<Entry>): Catalogue => {
  const all = <K extends keyof Handles>(kind: K) =>
    entries.flatMap(({ handles }) => handles[kind] as ReadonlyArray<unknown>) as unknown as Handles[K]
  return {
    revision,
    agents: new Map(all("agents").map((agent) => [agent.id, agent])),
    steps: new Map(all("steps").map((step) => [step.type, step])),
    conditions: new Map(all("conditions").map((condition) => [condition.id, condition])),
    operations: new Map(all("operations").map((operation) => [operation.name, operation])),
    resources: all("resources"),
    prompts: all("prompts"),
    routes: all("routes"),
    sinks: all("sinks"),
    doctor: all("doctor"),
    plugins: entries.flatMap(({ state }) => (state === undefined ? [] : [state])),
  }
}

/** Ids by kind that core keeps for itself, also before its contributions are put. */
export type Reserved = Readonly<Record<string, ReadonlyArray<string>>>

/** Routes stand below `/x/<plugin>/`, so that they never meet; `doctor` checks are told with their plugin. */
const unique = ["agents", "steps", "conditions", "operations", "resources", "prompts", "sinks"]

/** Every id that two would contribute, naming both. */
export const conflicts = (
  name: string,
  handles: Handles,
  others: ReadonlyMap<string, Entry>,
  reserved: Reserved,
): ReadonlyArray<string> => {
  const mine = idsOf(handles)
  return unique.flatMap((kind) => {
    const ids = mine[kind] ?? []
    const twice = ids
      .filter((id, index) => ids.indexOf(id) !== index)
      .map((id) => `${noun(kind)} "${id}" is contributed twice by "${name}"`)
    const taken = ids.flatMap((id) => {
      const owner = ownerOf(kind, id, name, others, reserved)
      return owner === undefined
        ? []
        : [`${noun(kind)} "${id}" of "${name}" is already contributed by ${owner}`]
    })
    return [...twice, ...taken]
  })
}

const ownerOf = (
  kind: string,
  id: string,
  name: string,
  others: ReadonlyMap<string, Entry>,
  reserved: Reserved,
): string | undefined => {
  if (reserved[kind]?.includes(id) === true) return "core"
  for (const [other, entry] of others)
    if (other !== name && idsOf(entry.handles)[kind]?.includes(id) === true)
      return entry.state === undefined ? "core" : `plugin "${other}"`
  return undefined
}

const noun = (kind: string) => (kind === "steps" ? "step kind" : kind.slice(0, -1))
