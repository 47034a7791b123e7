/** Keeps count of how attempts end, per agent. */
import { Effect, Schema } from "effect"
import { Field, Operation, Plugin, type RunEvent, Sink, Storage } from "hub/plugin"

const Row = Schema.Struct({ agent: Schema.String, outcome: Schema.String, count: Schema.Int })

/** What stands in `attempt_ended`, as far as it is wanted here. */
const Ended = Schema.Struct({
  agent: Schema.String,
  state: Schema.String,
  failure: Schema.optionalKey(Schema.Struct({ class: Schema.String })),
})
const decode = Schema.decodeUnknownEffect(Ended)

const note = Effect.fn("sink-ledger.note")(
  function* (event: RunEvent) {
    const { agent, failure, state } = yield* decode(event.data)
    const storage = yield* Storage
    yield* storage.query(
      `insert into sink_ledger_count (agent, outcome, count) values (?, ?, 1)
       on conflict do update set count = count + 1`,
      [agent, failure?.class ?? state],
    )
  },
  // A sink cannot fail: what goes wrong is logged, and the next event comes.
  Effect.catch((error) => Effect.logWarning(error.message)),
)

const ledger = Operation.make({
  name: "ledger",
  summary: "Says how the attempts of each agent ended.",
  input: Schema.Struct({ agent: Field.optional(Schema.String, "Only this agent.") }),
  output: Schema.Struct({ rows: Schema.Array(Row) }),
  readonly: true,
  print: ({ rows }) => rows.map(({ agent, count, outcome }) => `${agent}  ${outcome}  ${count}`).join("\n"),
  run: Effect.fn("sink-ledger.ledger")(
    function* ({ agent }) {
      const storage = yield* Storage
      const rows = yield* storage.query<typeof Row.Type>(
        "select agent, outcome, count from sink_ledger_count where ? is null or agent = ? order by 1, 2",
        [agent ?? null, agent ?? null],
      )
      return { rows }
    },
    Effect.mapError(
      ({ message }) =>
        new Operation.OperationFailed({ code: "unavailable", message: `no ledger: ${message}` }),
    ),
  ),
})

export default Plugin.define({
  id: "sink-ledger",
  summary: "Counts how the attempts of each agent end.",
  config: Schema.Struct({}),
  setup: () =>
    Effect.succeed({
      migrations: [
        {
          id: "0001-count",
          sql: `create table sink_ledger_count (
                  agent text not null, outcome text not null, count integer not null,
                  primary key (agent, outcome)
                ) strict`,
        },
      ],
      sinks: [Sink.make({ id: "ledger", summary: "Counts.", types: ["attempt_ended"], receive: note })],
      operations: [ledger],
    }),
})
