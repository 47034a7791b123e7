/** The engine as a journal: named results in one table, bodies executed anew from their start. See docs/decisions/0004. */
import { Clock, Duration, Effect, FiberMap, Layer, Schema } from "effect"
import { Engine } from "../services/Engine.ts"
import { Sql } from "../services/Sql.ts"
import { Starts } from "./Starts.ts"

/** Names are unique inside a run; a value is never `undefined`. */
const json = <S extends Schema.Codec<unknown, unknown>>(value: S) =>
  Schema.fromJsonString(Schema.toCodecJson(value))

export const layer = Layer.effect(
  Engine,
  Effect.gen(function* () {
    const sql = yield* Sql
    const executions = yield* FiberMap.make<string, void, never>()
    const starts = new Starts()

    const turn = Effect.callback<void>((resume) => {
      const leave = starts.next(() => resume(Effect.void))
      return Effect.sync(leave)
    })

    const find = (run_id: string, name: string) =>
      Effect.map(
        sql.all<{ result: string }>("select result from journal where run_id = ? and name = ?", [
          run_id,
          name,
        ]),
        (rows) => rows[0]?.result,
      )

    const record = Effect.fnUntraced(function* (run_id: string, name: string, result: string) {
      const at = yield* Clock.currentTimeMillis
      yield* sql.run("insert into journal (run_id, name, result, at) values (?, ?, ?, ?)", [
        run_id,
        name,
        result,
        at,
      ])
    })

    const recorded = Effect.fnUntraced(function* <S extends Schema.Codec<unknown, unknown>>(
      run_id: string,
      name: string,
      value: S,
    ) {
      const earlier = yield* find(run_id, name)
      return earlier === undefined
        ? undefined
        : yield* Effect.orDie(Schema.decodeUnknownEffect(json(value))(earlier))
    })

    return Engine.of({
      accepting: (work) =>
        Effect.acquireUseRelease(
          Effect.sync(() => starts.accept()),
          () => work,
          (done) => Effect.sync(done),
        ),
      start: (run_id, body) =>
        Effect.asVoid(FiberMap.run(executions, run_id, Effect.andThen(turn, body), { onlyIfMissing: true })),
      interrupt: (run_id) => FiberMap.remove(executions, run_id),
      stop: FiberMap.clear(executions),
      idle: FiberMap.awaitEmpty(executions),
      executing: Effect.sync(() => Array.from(executions, ([run_id]) => run_id)),

      recorded,

      once: Effect.fnUntraced(function* (run_id, name, value, effect) {
        const earlier = yield* recorded(run_id, name, value)
        if (earlier !== undefined) return earlier
        const result = yield* effect
        yield* record(run_id, name, yield* Effect.orDie(Schema.encodeUnknownEffect(json(value))(result)))
        return result
      }),

      sleep: Effect.fnUntraced(function* (run_id, name, duration) {
        const now = yield* Clock.currentTimeMillis
        const earlier = yield* find(run_id, name)
        const until = earlier === undefined ? now + Duration.toMillis(duration) : Number(earlier)
        if (earlier === undefined) yield* record(run_id, name, String(until))
        // A clock that jumped back would make the rest of the wait longer than the wait was.
        yield* Effect.sleep(Math.min(Math.max(0, until - now), Duration.toMillis(duration)))
      }),
    })
  }),
)
