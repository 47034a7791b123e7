/** Plans for runs: of a named pipeline, of a list of agents, or of what an open run was accepted with. */
import { Context, Effect, Layer, Predicate, Ref, Schema } from "effect"
import { Registry } from "../plugin/Catalogue.ts"
import { EveryAgent } from "../pipeline/EveryAgent.ts"
import * as Implicit from "../pipeline/Implicit.ts"
import { kinds } from "../pipeline/kinds/index.ts"
import type { Plan, Source } from "../pipeline/Plan.ts"
import { resolve } from "../pipeline/Resolve.ts"
import type { FileFailed } from "../services/Workspace.ts"
import { didYouMean, type Invalid, type TomlSyntax } from "../toml/Toml.ts"
import { sha256 } from "./Digest.ts"
import { Pipelines } from "./Pipelines.ts"
import { settled } from "./Settled.ts"

export class PipelineUnknown extends Schema.TaggedError<PipelineUnknown>()("PipelineUnknown", {
  pipeline: Schema.String,
  known: Schema.Array(Schema.String),
}) {
  override get message() {
    return `no pipeline ${JSON.stringify(this.pipeline)}. ${didYouMean(this.pipeline, this.known)}`
  }
}

/** A plan with the hash that its sources are stored under. */
export interface Hashed {
  readonly plan: Plan
  readonly hash: string
}

export type PlanError = Invalid | TomlSyntax | FileFailed | PipelineUnknown

interface Kept extends Hashed {
  readonly revision: number
  /** Of each source file, and of those that it names. */
  readonly stamps: string
}

interface Recent extends Hashed {
  readonly revision: number
}

const mostRecent = 100

/** All pipelines, with this file in place of the one of its name. */
export const beside = (pipelines: Pipelines["Service"], source: Source) => ({
  get: (id: string) => (id === source.id ? Effect.succeed(source) : pipelines.get(id)),
  list: pipelines.list,
  beside: pipelines.beside,
})

const isInvalid = Predicate.isTagged("Invalid")

const make = Effect.gen(function* () {
  const pipelines = yield* Pipelines
  const registry = yield* Registry
  const kept = yield* Ref.make<ReadonlyMap<string, Kept>>(new Map())

  const found = { get: pipelines.get, list: pipelines.list, beside: pipelines.beside }

  /** The catalogue that was waited for in vain: a list of pipelines does not wait for each of them. */
  const awaited = yield* Ref.make<number | undefined>(undefined)

  /** What is refused may name what a plugin brings that still starts: it is asked again once none does. */
  const patiently = <A, E>(ask: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.gen(function* () {
      const { revision } = yield* registry.current
      if ((yield* Ref.get(awaited)) === revision) return yield* ask
      return yield* Effect.catchIf(ask, isInvalid, (refusal) =>
        Effect.gen(function* () {
          const later = yield* settled(registry)
          if (later.revision !== revision) return yield* ask
          yield* Ref.set(awaited, revision)
          return yield* Effect.fail(refusal)
        }),
      )
    })

  const hashed = Effect.fnUntraced(function* (plan: Plan) {
    return { plan, hash: yield* sha256(JSON.stringify(plan.sources)) } satisfies Hashed
  })

  const stampsOf = (plan: Plan) => {
    const one = ({ files = {}, id }: Source) => [
      pipelines.stamp(id),
      ...Object.keys(files).map((name) => pipelines.stampBeside(name)),
    ]
    return Effect.map(Effect.all(plan.sources.flatMap(one)), (stamps) => stamps.join(" "))
  }

  const fresh = Effect.fnUntraced(function* (entry: Kept | undefined, revision: number) {
    if (entry === undefined || entry.revision !== revision) return false
    return (yield* stampsOf(entry.plan)) === entry.stamps
  })

  const recent = yield* Ref.make<ReadonlyMap<string, Recent>>(new Map())

  /** Resolving takes a millisecond: what was resolved under this name and catalogue is not resolved again. */
  const once = <E>(name: string, plan: Effect.Effect<Hashed, E>): Effect.Effect<Hashed, E> =>
    Effect.gen(function* () {
      const { revision } = yield* registry.current
      const earlier = (yield* Ref.get(recent)).get(name)
      if (earlier?.revision === revision) return earlier
      const next = { ...(yield* plan), revision }
      yield* Ref.update(recent, (all) => new Map([...[...all].slice(1 - mostRecent), [name, next]]))
      return next
    })

  /** The sources of an accepted run, as a folder that holds nothing else. */
  const only = (sources: ReadonlyArray<Source>) => ({
    get: (id: string) => Effect.succeed(sources.find((source) => source.id === id)),
    list: Effect.succeed(sources),
  })

  const resolved = Effect.fnUntraced(function* (sources: ReadonlyArray<Source>) {
    const [root] = sources
    if (root === undefined) return yield* new PipelineUnknown({ pipeline: "", known: [] })
    return yield* resolve(only(sources), root.id, yield* registry.current, kinds)
  })

  return {
    named: Effect.fnUntraced(function* (id: string) {
      const catalogue = yield* registry.current
      const earlier = (yield* Ref.get(kept)).get(id)
      if (earlier !== undefined && (yield* fresh(earlier, catalogue.revision))) return earlier as Hashed
      if ((yield* pipelines.get(id)) === undefined)
        return yield* new PipelineUnknown({ pipeline: id, known: (yield* found.list).map((one) => one.id) })
      const next = yield* hashed(yield* resolve(found, id, catalogue, kinds))
      const stamps = yield* stampsOf(next.plan)
      yield* Ref.update(kept, (all) =>
        new Map(all).set(id, { ...next, stamps, revision: catalogue.revision }),
      )
      return next
    }, patiently),

    /** Of a file that the hub does not have; those that it runs are looked for by name. */
    ofSource: Effect.fnUntraced(function* (source: Source) {
      return yield* hashed(
        yield* resolve(beside(pipelines, source), source.id, yield* registry.current, kinds),
      )
    }, patiently),

    /** To be looked at: agents that this machine does not have are taken as there. */
    toShow: Effect.fnUntraced(function* (source: Source) {
      const catalogue = yield* registry.current
      const agents = new EveryAgent(catalogue.agents)
      return yield* resolve(beside(pipelines, source), source.id, { ...catalogue, agents }, kinds)
    }, patiently),

    /** The first agent, then the others as its fallback. */
    ofAgents: (wish: Implicit.Wish) => {
      const plan = Effect.flatMap(registry.current, (catalogue) => Implicit.plan(wish, catalogue, kinds))
      return patiently(once(`text ${Implicit.source(wish).text}`, Effect.flatMap(plan, hashed)))
    },

    /** What an accepted run was planned with, whatever its file says now. */
    again: <E>(hash: string, sources: Effect.Effect<ReadonlyArray<Source>, E>) =>
      Effect.map(
        once(
          `hash ${hash}`,
          Effect.map(Effect.flatMap(sources, resolved), (plan) => ({ plan, hash })),
        ),
        ({ plan }) => plan,
      ),
  }
})

export class Plans extends Context.Service<Plans, Effect.Success<typeof make>>()("hub/dispatch/Plans") {}
export const layer: Layer.Layer<Plans, never, Pipelines | Registry> = Layer.effect(Plans, make)
