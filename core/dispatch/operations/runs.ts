/** Operations on runs: hand over work, look at it, end it. */
import { DateTime, type Duration, Effect, Schema, Stream } from "effect"
import { text } from "../../plugin/Content.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { permissions } from "../../plugin/Agent.ts"
import { Events, RunEvent } from "../../services/Events.ts"
import { ended, RunState } from "../../services/Runs.ts"
import { Dispatch } from "../Dispatch.ts"
import { RunView } from "../Model.ts"
import { present } from "../Present.ts"
import { said } from "../Refusal.ts"
import type { RunRow } from "../Rows.ts"
import { Store } from "../Store.ts"
import * as Text from "../Text.ts"
import { bounded } from "../Waiting.ts"
import { Checked, Dispatched, howToWait, isChecked, Wait, withNext } from "./waiting.ts"

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(200))
export const RunReference = Field.required(
  Name,
  "Id of the run, the end of its id (4 letters or more), or `last`.",
)
/** A text with gaps would be filled. */
const SessionId = Schema.String.check(
  Schema.isPattern(/^[^\s{}]{1,200}$/, {
    expected: "`new`, `continue`, or an id of at most 200 characters without spaces and braces",
  }),
)

const Listed = Schema.Struct({
  run_id: Schema.String,
  state: RunState,
  pipeline: Schema.String,
  project: Schema.optionalKey(Schema.String),
  cwd: Schema.String,
  prompt: Schema.String,
  answered_by: Schema.optionalKey(Schema.String),
  failure_class: Schema.optionalKey(Schema.String),
  accepted_at: Schema.String,
  duration_ms: Schema.optionalKey(Schema.Number),
})

export const listed = (row: RunRow): typeof Listed.Type => ({
  run_id: row.run_id,
  state: row.state,
  pipeline: row.pipeline,
  cwd: row.cwd,
  prompt: row.prompt,
  accepted_at: DateTime.formatIso(DateTime.makeUnsafe(row.accepted_at)),
  ...present({
    project: row.project,
    answered_by: row.answered_by,
    failure_class: row.failure === null ? null : (JSON.parse(row.failure) as { class: string }).class,
    duration_ms: row.ended_at === null ? null : row.ended_at - row.accepted_at,
  }),
})

const line = (run: typeof Listed.Type): ReadonlyArray<string> => [
  run.run_id,
  run.failure_class ?? run.state,
  run.duration_ms === undefined ? "" : Text.span(run.duration_ms),
  run.project ?? "",
  run.pipeline,
  Text.brief(run.prompt, 60),
]

const dispatch = ({ accept, check }: Dispatch["Service"]) =>
  Operation.make({
    name: "dispatch",
    title: "Dispatch work",
    summary:
      "Hands a piece of work to an agent or a pipeline and answers at once with the id of the run, or, with wait_seconds, with its answer.",
    input: Schema.Struct({
      prompt: Field.required(Schema.String, "What to do. The agents get it word for word."),
      project: Field.optional(Name, "Name from projects.toml: says the folder and who does it by default."),
      cwd: Field.optional(Schema.NonEmptyString, "Absolute folder to work in, instead of a project."),
      pipeline: Field.optional(Name, "Pipeline to run."),
      agent: Field.optional(Name, "Agent to ask, instead of a pipeline."),
      fallback: Field.optional(Schema.Array(Name), "Agents to try after it, in order, when it fails."),
      model: Field.optional(Name, "Model of the agent; not of those after it."),
      permission: Field.optional(
        Schema.Literals(permissions),
        "What the agents may do without asking. Their own default when left out, which for many is to change nothing.",
      ),
      session: Field.optional(
        SessionId,
        "`continue` goes on with the agent's last session in this folder; the agent's own id of a session with that one. A new one when left out.",
      ),
      fork: Field.optional(
        Schema.Boolean,
        "Branches off that session: the agent has its history, and it stays as it was.",
      ),
      input: Field.optional(
        Schema.Record(Schema.String, Schema.Unknown),
        "Inputs that the pipeline declares, by name.",
      ),
      wait_seconds: Wait("its end"),
    }),
    output: Dispatched,
    readonly: false,
    idempotent: true,
    long: {
      id: "run_id",
      check: "check_dispatch",
      cancel: "cancel_dispatch",
      list: "list_dispatches",
      reply: "answer",
    },
    cli: { path: ["dispatch"], positional: ["prompt"], alias: { p: "pipeline", a: "agent" } },
    print: (output) => (isChecked(output) ? Text.run(output) : output.run_id),
    content: (output) =>
      isChecked(output)
        ? readable(output)
        : [text(`Accepted as run ${output.run_id}. ${howToWait(output.run_id)}`)],
    run: ({ wait_seconds, ...request }, caller, talk) =>
      Effect.gen(function* () {
        const accepted = yield* said(accept(request, caller))
        if (wait_seconds === undefined) return accepted
        const after = accepted.state === "queued" ? 0 : undefined
        const telling = { tell: talk.progress, after }
        const waited = check(accepted.run_id, bounded(wait_seconds, caller), telling)
        return withNext(yield* Effect.mapError(said(waited), withRun(accepted.run_id)))
      }),
  })

/** The run was accepted: whatever happens to the waiting, its id must not be lost. */
const withRun = (run_id: string) => (error: Operation.OperationFailed) =>
  new Operation.OperationFailed({
    code: error.code,
    message: `${error.message} The run is ${run_id}.`,
    details: { run_id },
  })

const readable = (checked: Checked) =>
  [Text.run(checked), ...(checked.next === undefined ? [] : [checked.next])].map(text)

const check = ({ check }: Dispatch["Service"]) =>
  Operation.make({
    name: "check_dispatch",
    title: "Check a run",
    summary:
      "Says how a run stands: state, attempts and why each failed, what it asks while it waits, and the answer once there is one.",
    input: Schema.Struct({ run_id: RunReference, wait_seconds: Wait("its end") }),
    output: Checked,
    readonly: true,
    cli: { path: ["runs", "show"], positional: ["run_id"] },
    print: Text.run,
    content: readable,
    run: ({ run_id, wait_seconds }, caller, talk) =>
      wait_seconds === undefined
        ? said(check(run_id))
        : Effect.map(said(check(run_id, bounded(wait_seconds, caller), { tell: talk.progress })), withNext),
  })

const list = (store: Store["Service"]) =>
  Operation.make({
    name: "list_dispatches",
    title: "List runs",
    summary: "Lists runs, newest first.",
    input: Schema.Struct({
      state: Field.optional(RunState, "Only runs in this state."),
      project: Field.optional(Name, "Only runs of this project."),
      before: Field.optional(Name, "Only runs accepted before this run: for the next page."),
      limit: Field.withDefault(
        Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
        20,
        "How many, 1 to 1000.",
      ),
    }),
    output: Schema.Struct({ runs: Schema.Array(Listed) }),
    readonly: true,
    cli: { path: ["runs", "list"], alias: { n: "limit" } },
    print: ({ runs }) =>
      runs.length === 0
        ? "No runs yet. `hub dispatch --help` says how to start one."
        : Text.table(runs.map(line)),
    run: (filter) => said(Effect.map(store.list(filter), (rows) => ({ runs: rows.map(listed) }))),
  })

const cancel = ({ cancel }: Dispatch["Service"]) =>
  Operation.make({
    name: "cancel_dispatch",
    title: "Cancel a run",
    summary: "Ends a run and every process it started. A run that has ended already stays as it is.",
    input: Schema.Struct({ run_id: RunReference }),
    output: RunView,
    readonly: false,
    destructive: true,
    idempotent: true,
    cli: { path: ["runs", "cancel"], positional: ["run_id"] },
    print: ({ run_id, state }) => `${run_id}  ${state}`,
    run: ({ run_id }) => said(cancel(run_id)),
  })

const runEvents = ({ find }: Dispatch["Service"], store: Store["Service"], events: Events["Service"]) =>
  Operation.make({
    name: "run_events",
    title: "Events of a run",
    summary:
      "Gives what happened in a run, numbered without gaps. Call again with `last_seq` as `after` to follow it.",
    input: Schema.Struct({
      run_id: RunReference,
      after: Field.withDefault(
        Schema.Int,
        0,
        "Only events with a higher number: the `last_seq` of the last call.",
      ),
      limit: Field.withDefault(
        Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
        200,
        "How many at most, 1 to 1000.",
      ),
      wait_seconds: Wait("the next event"),
    }),
    output: Schema.Struct({
      events: Schema.Array(RunEvent),
      last_seq: Schema.Int,
      /** No further event will come. */
      ended: Schema.Boolean,
    }),
    readonly: true,
    cli: { path: ["runs", "events"], positional: ["run_id"] },
    print: (page) => page.events.map(Text.event).join("\n"),
    run: ({ after, limit, run_id, wait_seconds }, caller) =>
      said(
        Effect.gen(function* () {
          const row = yield* find(run_id)
          const wait =
            ended(row.state) || wait_seconds === undefined ? undefined : bounded(wait_seconds, caller)
          const found = yield* nextEvents(events, row.run_id, after, limit, wait)
          const last_seq = found.at(-1)?.seq ?? after
          const now = (yield* store.run(row.run_id)) ?? row
          const over = ended(now.state) && last_seq >= (yield* store.lastSeq(row.run_id))
          return { events: found, last_seq, ended: over }
        }),
      ),
  })

const nextEvents = Effect.fnUntraced(function* (
  events: Events["Service"],
  run_id: string,
  after: number,
  limit: number,
  wait: Duration.Duration | undefined,
) {
  const now = yield* events.read(run_id, after, limit)
  if (now.length > 0 || wait === undefined) return now
  yield* Effect.timeoutOption(Stream.runHead(events.follow(run_id, after)), wait)
  return yield* events.read(run_id, after, limit)
})

export const make = Effect.gen(function* () {
  const dispatches = yield* Dispatch
  const store = yield* Store
  const events = yield* Events
  return [
    dispatch(dispatches),
    check(dispatches),
    list(store),
    cancel(dispatches),
    runEvents(dispatches, store, events),
  ]
})
