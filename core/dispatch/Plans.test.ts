/** What is asked for while plugins still start. */
import { expect } from "bun:test"
import { Effect, Fiber, Layer } from "effect"
import type { Catalogue } from "../plugin/Catalogue.ts"
import * as Files from "../live/Files.ts"
import * as Home from "../live/Home.ts"
import { effect, tempHome } from "../testing/effect.ts"
import * as Late from "../testing/late.ts"
import { passing, turn } from "../testing/passing.ts"
import * as Pipelines from "./Pipelines.ts"
import * as Plans from "./Plans.ts"

/** A wish for the agent `late` over a catalogue that may be changed. */
const wished = Effect.fnUntraced(function* (first: Catalogue) {
  const { become, registry } = yield* Late.registryOf(first)
  const files = Layer.merge(Files.layer, Home.layer(yield* tempHome))
  const pipelines = Pipelines.layer(new Map()).pipe(Layer.provide(files))
  const plans = Plans.layer.pipe(Layer.provide(Layer.merge(pipelines, registry)))
  const planned = Effect.flatMap(Plans.Plans, ({ ofAgents }) => ofAgents({ agent: "late" }))
  return { become, planned: Effect.provide(planned, yield* Layer.build(plans)) }
})

effect(
  "an agent whose plugin still starts is waited for",
  Effect.gen(function* () {
    const { become, planned } = yield* wished(Late.starting)
    const planning = yield* Effect.forkScoped(planned)
    yield* turn
    expect(planning.pollUnsafe()).toBeUndefined()
    yield* become(Late.ready)
    expect((yield* Fiber.join(planning)).plan.id).toBe("direct")
  }),
)

effect(
  "a plugin that starts without end delays one refusal, and does not keep it back",
  Effect.gen(function* () {
    const { planned } = yield* wished(Late.starting)
    expect((yield* Effect.flip(passing(planned))).message).toContain('no agent "late"')
    // Nobody lets time pass any more.
    expect((yield* Effect.flip(planned)).message).toContain('no agent "late"')
  }),
)

effect(
  "once all have started a refusal comes at once",
  Effect.gen(function* () {
    const { planned } = yield* wished(Late.failed)
    expect((yield* Effect.flip(planned)).message).toContain('no agent "late"')
  }),
)
