/** What an operation answers that has waited for a run. */
import { Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { ended } from "../../services/Runs.ts"
import { RunView } from "../Model.ts"

export const Wait = (what: string) =>
  Field.optional(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 600 })),
    `Seconds to wait for ${what} before answering; 0 to 600, and no longer than the client can wait. Answers at once when left out.`,
  )

/** What to do next, where the wait was over before the run. */
const Next = Schema.optionalKey(Schema.String)

export const Checked = Schema.Struct({ ...RunView.fields, next: Next })
export type Checked = typeof Checked.Type

const { accepted_at, attempts, cwd, duration_ms, last_seq, pipeline, prompt } = RunView.fields

/** Only `run_id` and `state` where nobody waited. */
export const Dispatched = Schema.Struct({
  ...Checked.fields,
  accepted_at: Schema.optionalKey(accepted_at),
  attempts: Schema.optionalKey(attempts),
  cwd: Schema.optionalKey(cwd),
  duration_ms: Schema.optionalKey(duration_ms),
  last_seq: Schema.optionalKey(last_seq),
  pipeline: Schema.optionalKey(pipeline),
  prompt: Schema.optionalKey(prompt),
})
export type Dispatched = typeof Dispatched.Type

export const isChecked = (output: Dispatched): output is Checked => output.attempts !== undefined

export const withNext = (view: RunView): Checked =>
  ended(view.state) ? view : { ...view, next: nextOf(view) }

const nextOf = ({ questions = {}, run_id, state }: RunView): string =>
  Object.keys(questions).length === 0
    ? `Still ${state}. ${howToWait(run_id)}`
    : `It waits for a decision: show the user what it asks, then call answer with run_id ${JSON.stringify(run_id)}. ${howToWait(run_id)}`

/** In the words of the tools, for a client's model. */
export const howToWait = (run_id: string): string =>
  `Call check_dispatch with run_id ${JSON.stringify(run_id)} and wait_seconds to wait for its end; go on with other work meanwhile.`
