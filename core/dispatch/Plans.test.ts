/** What is asked for while plugins still start. */
import { expect } from "bun:test"
import { Effect, Fiber, Layer, SubscriptionRef } from "effect"
import { type Catalogue, empty, type PluginState, Registry } from "../plugin/Catalogue.ts"
import * as Files from "../live/Files.ts"
import * as Home from "../live/Home.ts"
import { effect, tempHome } from "../testing/effect.ts"
import { shell } from "../testing/hub.ts"
import { passing, turn } from "../testing/passing.ts"
import * as Pipelines from "./Pipelines.ts"
import * as Plans from "./Plans.ts"

const plugin = (state: PluginState["state"]): PluginState => ({
  instance: "late",
  use: "./late.py",
  isolation: "process",
  startup: "optional",
  state,
  contributes: {},
  starts: 1,
})

const starting: Catalogue = { ...empty, revision: 1, plugins: [plugin("starting")] }
const ready: Catalogue = {
  ...empty,
  revision: 2,
  plugins: [plugin("ready")],
  agents: new Map([["late", shell("late", "cat")]]),
}

/** A wish for the agent `late` over a catalogue that may be changed. */
const wished = Effect.fnUntraced(function* (first: Catalogue) {
  const now = yield* SubscriptionRef.make(first)
  const registry = Layer.succeed(Registry, {
    current: SubscriptionRef.get(now),
    changes: SubscriptionRef.changes(now),
  })
  const files = Layer.merge(Files.layer, Home.layer(yield* tempHome))
  const pipelines = Pipelines.layer(new Map()).pipe(Layer.provide(files))
  const plans = Plans.layer.pipe(Layer.provide(Layer.merge(pipelines, registry)))
  const planned = Effect.flatMap(Plans.Plans, ({ ofAgents }) => ofAgents({ agent: "late" }))
  return { now, planned: Effect.provide(planned, yield* Layer.build(plans)) }
})

effect(
  "an agent whose plugin still starts is waited for",
  Effect.gen(function* () {
    const { now, planned } = yield* wished(starting)
    const planning = yield* Effect.forkScoped(planned)
    yield* turn
    expect(planning.pollUnsafe()).toBeUndefined()
    yield* SubscriptionRef.set(now, ready)
    expect((yield* Fiber.join(planning)).plan.id).toBe("direct")
  }),
)

effect(
  "a plugin that starts without end delays one refusal, and does not keep it back",
  Effect.gen(function* () {
    const { planned } = yield* wished(starting)
    expect((yield* Effect.flip(passing(planned))).message).toContain('no agent "late"')
    // Nobody lets time pass any more.
    expect((yield* Effect.flip(planned)).message).toContain('no agent "late"')
  }),
)

effect(
  "once all have started a refusal comes at once",
  Effect.gen(function* () {
    const { planned } = yield* wished({ ...starting, plugins: [plugin("failed")] })
    expect((yield* Effect.flip(planned)).message).toContain('no agent "late"')
  }),
)
