/** The operation that asks whether today's pipeline would decide as a recorded run did. */
import { Effect, Schema } from "effect"
import * as Implicit from "../../pipeline/Implicit.ts"
import { checkInput } from "../../pipeline/Input.ts"
import * as Replay from "../../pipeline/Replay.ts"
import { Registry } from "../../plugin/Catalogue.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { ended } from "../../services/Runs.ts"
import { Dispatch, RequestRefused } from "../Dispatch.ts"
import { Plans } from "../Plans.ts"
import { ofRun, Projects } from "../Projects.ts"
import * as Recorded from "../Recorded.ts"
import { said } from "../Refusal.ts"
import type { RunRow } from "../Rows.ts"
import { Store } from "../Store.ts"
import * as Sources from "./sources.ts"

const Difference = Schema.Struct({
  /** Empty for the end of the run. */
  step: Schema.String,
  /** What was decided then; absent when nothing was. */
  recorded: Schema.optionalKey(Schema.String),
  /** What would be decided today. */
  today: Schema.optionalKey(Schema.String),
})

const Output = Schema.Struct({
  run_id: Schema.String,
  /** The pipeline of today. */
  pipeline: Schema.String,
  /** Whether all would be decided as it was. */
  same: Schema.Boolean,
  /** The first one of each step. */
  differences: Schema.Array(Difference),
  /** Why it could not be followed to the end: today's pipeline asks what was never asked. */
  stopped: Schema.optionalKey(Schema.String),
})

const plain = (replayed: Replay.Replayed): Pick<typeof Output.Type, "differences" | "stopped"> => ({
  differences: replayed.differences.map(({ recorded, step, today }) => ({
    step,
    ...(recorded === undefined ? {} : { recorded }),
    ...(today === undefined ? {} : { today }),
  })),
  ...(replayed.stopped === undefined ? {} : { stopped: replayed.stopped }),
})

const text = ({ differences, pipeline, run_id, stopped }: typeof Output.Type): string =>
  [
    `${run_id}  replayed with ${pipeline}`,
    Replay.print({
      stopped,
      differences: differences.map(({ recorded, step, today }) => ({ step, recorded, today })),
    }),
  ].join("\n")

export const make = Effect.gen(function* () {
  const [dispatch, plans, projects, store] = [
    yield* Dispatch,
    yield* Plans,
    yield* Projects,
    yield* Store,
  ] as const
  const registry = yield* Registry
  const recorded = yield* Recorded.make

  const planOf = Effect.fnUntraced(function* (row: RunRow, asked: Sources.Asked) {
    const source = Sources.given(asked)
    if (source !== undefined) return (yield* plans.ofSource(source)).plan
    if (asked.pipeline === undefined && row.pipeline === Implicit.ID)
      return yield* plans.again(row.plan_hash, store.sources(row.plan_hash))
    return (yield* plans.named(asked.pipeline ?? row.pipeline)).plan
  })

  const replayed = Effect.fnUntraced(function* (run_id: string, asked: Sources.Asked) {
    const row = yield* dispatch.find(run_id)
    if (!ended(row.state))
      return yield* new RequestRefused({
        message: `run ${row.run_id} is ${row.state}: it can be replayed once it has ended`,
      })
    const plan = yield* planOf(row, asked)
    const recording = yield* recorded.of(row, yield* ofRun(projects, row.project))
    const input = yield* checkInput(plan, recording.run.input, row.prompt)
    const run = { ...recording.run, input }
    const found = yield* Replay.replay(plan, { ...recording, run }, yield* registry.current)
    const same = found.differences.length === 0 && found.stopped === undefined
    return { run_id: row.run_id, pipeline: plan.id, same, ...plain(found) }
  })

  return [
    Operation.make({
      name: "replay_run",
      title: "Replay a run",
      summary:
        "Decides an ended run anew with today's pipeline over what its attempts gave, and says what would be decided otherwise. Starts nothing.",
      input: Schema.Struct({
        run_id: Field.withDefault(
          Schema.NonEmptyString,
          "last",
          "Id of the run, the end of its id (4 letters or more), or `last`.",
        ),
        pipeline: Field.optional(Sources.Name, "Another pipeline than the run's own."),
        ...Sources.fields,
      }),
      output: Output,
      readonly: true,
      cli: { path: ["pipeline", "replay"], positional: ["run_id"] },
      print: text,
      run: ({ run_id, ...asked }) => said(replayed(run_id, asked)),
    }),
  ]
})
