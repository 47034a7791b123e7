/** The events of a run, asked for by cursor until it has ended. */
import { Effect, Schema } from "effect"
import { type Caller, OperationFailed } from "../../plugin/Operation.ts"
import { RunEvent } from "../../services/Events.ts"
import type { Door } from "../Door.ts"

/** How long one question waits for the next event, in seconds. */
const wait_seconds = 30

const Page = Schema.Struct({ events: Schema.Array(RunEvent), last_seq: Schema.Int, ended: Schema.Boolean })

/** Hands each event after `after` to `each`, in order. Ends when no more will come. */
export const follow = Effect.fn("Follow.follow")(function* (
  door: Door,
  caller: Caller,
  run: { readonly run_id: string; readonly after: number },
  each: (event: RunEvent) => Effect.Effect<void>,
): Effect.fn.Return<void, OperationFailed> {
  let after = run.after
  for (;;) {
    const { output } = yield* door.call(
      "run_events",
      { run_id: run.run_id, after, limit: 1000, wait_seconds },
      caller,
    )
    const page = yield* decodeWith(Page, output)
    yield* Effect.forEach(page.events, each, { discard: true })
    if (page.ended) return
    after = page.last_seq
  }
})

/** What an operation answered, as the command line needs it. */
export const decodeWith = <A>(
  schema: Schema.Codec<A, unknown>,
  output: unknown,
): Effect.Effect<A, OperationFailed> =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(output),
    (error) =>
      new OperationFailed({
        code: "internal",
        message: `The hub answered with something else than expected. ${error.message}`,
      }),
  )
