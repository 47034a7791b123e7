/** The operation that explains a run. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import * as Why from "../../pipeline/Why.ts"
import { Events } from "../../services/Events.ts"
import { RunState } from "../../services/Runs.ts"
import { Dispatch } from "../Dispatch.ts"
import { routing } from "../Recorded.ts"
import { said } from "../Refusal.ts"

export const make = Effect.gen(function* () {
  const dispatch = yield* Dispatch
  const events = yield* Events
  return [
    Operation.make({
      name: "why",
      title: "Why a run went so",
      summary: "Tells every routing decision of a run: candidate, rule, evidence and times.",
      input: Schema.Struct({
        run_id: Field.withDefault(
          Schema.NonEmptyString,
          "last",
          "Id of the run, the end of its id (4 letters or more), or `last`.",
        ),
      }),
      output: Schema.Struct({
        run_id: Schema.String,
        state: RunState,
        decisions: Schema.Array(Why.Decision),
      }),
      readonly: true,
      cli: { path: ["why"], positional: ["run_id"] },
      print: ({ decisions, run_id, state }) => `${run_id}  ${state}\n${Why.print(decisions)}`,
      run: ({ run_id }) =>
        said(
          Effect.gen(function* () {
            const row = yield* dispatch.find(run_id)
            const decisions = Why.decisions(yield* routing(events, row.run_id))
            return { run_id: row.run_id, state: row.state, decisions }
          }),
        ),
    }),
  ]
})
