/** Executing a plan once with stand-ins for everything that judges. */
import { Clock, Context, Effect, Result } from "effect"
import type { Executed, Execute, Stage } from "../pipeline/PipelineTest.ts"
import * as Run from "../pipeline/Run.ts"
import { Events } from "../services/Events.ts"
import { Home } from "../services/Home.ts"
import { Supervisor } from "../services/Supervisor.ts"
import * as RunId from "./RunId.ts"
import { stateOf } from "./Runner.ts"
import * as RunWorld from "./RunWorld.ts"
import { Store } from "./Store.ts"

/** Where pipelines are tested: in a hub of its own for each execution, which leaves nothing behind. */
export class Rehearsal extends Context.Service<Rehearsal, { readonly execute: Execute }>()(
  "hub/dispatch/Rehearsal",
) {}

/** Executes in the hub at hand, which must be a fresh one: its home and its cooldowns belong to this execution. */
export const perform = Effect.fn("Rehearsal.perform")(function* (stage: Stage) {
  const { input, plan, project, prompt } = stage
  const home = yield* Home
  const supervisor = yield* Supervisor
  const run_id = yield* RunId.next
  const cwd = yield* home.folder(`${home.path}/work`)
  const row = { run_id, prompt, cwd, pipeline: plan.id, client: "test", plan_hash: "test" }
  yield* (yield* Store).accept(
    {
      ...row,
      parent_run: null,
      permission: null,
      project: project?.name ?? null,
      input: JSON.stringify(input),
      accepted_at: yield* Clock.currentTimeMillis,
    },
    plan.sources,
  )
  const world = stage.around((yield* RunWorld.make)({ run_id, prompt, cwd, input, project }))
  const running = Run.run(plan, world, stage.conditions, stage.agents)
  const result = yield* Effect.ensuring(Effect.result(running), supervisor.sweep(run_id))
  const events = yield* (yield* Events).read(run_id, 0)
  return Result.isSuccess(result)
    ? ({
        state: "succeeded",
        events,
        answer: result.success.text,
        answered_by: result.success.by,
      } as Executed)
    : ({ state: stateOf(result.failure), events, failure: result.failure.facts } as Executed)
})
