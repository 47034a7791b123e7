/** A run that only bugs come of ends all the same. */
import { expect } from "bun:test"
import { Effect, Layer, Logger } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Home } from "../services/Home.ts"
import { Sql } from "../services/Sql.ts"
import { effect } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { passing } from "../testing/passing.ts"
import { Dispatch } from "./Dispatch.ts"
import { Runner } from "./Runner.ts"

const caller: Caller = { door: "cli", client: "test" }

/** The database takes no event of this type: the hub knows no such failure, so it is a bug. */
const refusing = (type: string) =>
  Effect.flatMap(Sql, (sql) =>
    sql.run(
      `create trigger no_${type} before insert on events when new.type = '${type}' begin select raise(abort, 'boom'); end`,
    ),
  )

const keeping = (lines: Array<string>) =>
  Logger.layer([Logger.make(({ message }) => void lines.push([message].flat().map(String).join(" ")))])

const ended = Effect.gen(function* () {
  const dispatch = yield* Dispatch
  const runner = yield* Runner
  const { path } = yield* Home
  const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, agent: "it" }, caller)
  yield* passing(runner.awaitEnd(run_id))
  return yield* dispatch.check(run_id)
})

const given = hub({ agents: [shell("it", "echo ok")] })

effect(
  "a bug ends the run at once, and the log has it under the id that is told",
  Effect.suspend(() => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      yield* refusing("run_started")
      const { failure, state } = yield* ended
      expect({ state, class: failure?.class }).toEqual({ state: "failed", class: "crashed" })
      const id = /under (\w{8})\./.exec(failure?.message ?? "")?.[1]
      expect(lines.filter((line) => line.includes(`(${id})`))).toHaveLength(1)
    }).pipe(Effect.provide(Layer.mergeAll(given, keeping(lines))))
  }),
)

effect(
  "an end that breaks too is tried five times, then written bare",
  Effect.suspend(() => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      yield* refusing("run_started")
      yield* refusing("run_failed")
      const { failure, state } = yield* ended
      expect({ state, class: failure?.class }).toEqual({ state: "failed", class: "crashed" })
      expect(lines.filter((line) => line.includes("ended by a bug"))).toHaveLength(5)
    }).pipe(Effect.provide(Layer.mergeAll(given, keeping(lines))))
  }),
)
