/** Runs as plugins may ask for them: the same dispatch, with the plugin as the client. */
import { Effect, Schema } from "effect"
import type { Caller, OperationFailed } from "../plugin/Operation.ts"
import { RunRefused, Runs, type RunSummary } from "../services/Runs.ts"
import { Dispatch, type DispatchError } from "./Dispatch.ts"
import { said } from "./Refusal.ts"
import { Runner } from "./Runner.ts"
import type { RunRow } from "./Rows.ts"
import { Store } from "./Store.ts"

const summary = (row: RunRow): RunSummary => ({
  run_id: row.run_id,
  state: row.state,
  pipeline: row.pipeline,
  project: row.project ?? undefined,
  cwd: row.cwd,
  prompt: row.prompt.slice(0, 200),
  accepted_at: row.accepted_at,
  ended_at: row.ended_at ?? undefined,
  answer: row.answer ?? undefined,
})

const isRefusal = Schema.is(RunRefused.fields.code)

const refused = ({ code, message }: OperationFailed) =>
  new RunRefused({ code: isRefusal(code) ? code : "unavailable", message })

const asked = <A>(effect: Effect.Effect<A, DispatchError>) => Effect.mapError(said(effect), refused)

/** `plugin`: the instance that asks. */
export const forPlugin = Effect.fnUntraced(function* (plugin: string) {
  const dispatch = yield* Dispatch
  const store = yield* Store
  const runner = yield* Runner
  const caller: Caller = { door: "plugin", client: plugin }
  const get = (run_id: string) => asked(Effect.map(dispatch.find(run_id), summary))
  return Runs.of({
    dispatch: (request) => asked(Effect.map(dispatch.accept(request, caller), ({ run_id }) => ({ run_id }))),
    get,
    list: (limit = 100) =>
      asked(Effect.map(store.list({ limit: Math.min(limit, 1000) }), (rows) => rows.map(summary))),
    cancel: (run_id) => asked(Effect.asVoid(dispatch.cancel(run_id))),
    wait: (run_id) =>
      asked(
        Effect.gen(function* () {
          const row = yield* dispatch.find(run_id)
          yield* runner.awaitEnd(row.run_id)
          return summary(yield* dispatch.find(row.run_id))
        }),
      ),
  })
})
