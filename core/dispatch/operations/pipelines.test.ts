/** What is said of pipelines while plugins still start. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { expect } from "bun:test"
import { Effect, Fiber, Layer } from "effect"
import type { Operation } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import * as Files from "../../live/Files.ts"
import * as Home from "../../live/Home.ts"
import { effect, tempHome } from "../../testing/effect.ts"
import * as Late from "../../testing/late.ts"
import { turn } from "../../testing/passing.ts"
import { Cooldowns } from "../Cooldowns.ts"
import { Dispatch } from "../Dispatch.ts"
import * as Pipelines from "../Pipelines.ts"
import * as Plans from "../Plans.ts"
import * as Operations from "./pipelines.ts"

const text = 'run = ["a"]\n[step.a]\ntype = "agent"\nagent = "late"\nprompt = "p"\n'

effect(
  "what a plugin brings that still starts is no mistake of the pipeline that names it",
  Effect.gen(function* () {
    const { become, registry } = yield* Late.registryOf(Late.starting)
    const files = Layer.merge(Files.layer, Home.layer(yield* tempHome))
    const pipelines = Pipelines.layer(new Map()).pipe(Layer.provide(files))
    const rooms = Layer.provideMerge(Plans.layer, Layer.merge(pipelines, registry))
    const operations = yield* Operations.make.pipe(
      Effect.provideService(Dispatch, {} as never),
      Effect.provideService(Cooldowns, {} as never),
      Effect.provide(yield* Layer.build(rooms)),
    )
    const lint = operations.find(({ name }) => name === "lint_pipeline") as unknown as Operation
    const asked = { text, any_agent: false }
    const linted = lint.run(asked, { door: "cli", client: "test" }, silent) as Effect.Effect<unknown, unknown>
    const linting = yield* Effect.forkScoped(linted)
    yield* turn
    expect(linting.pollUnsafe()).toBeUndefined()
    yield* become(Late.ready)
    expect(yield* Fiber.join(linting)).toMatchObject({ errors: 0, diagnostics: [] })
  }),
)
