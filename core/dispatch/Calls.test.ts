/** A call that is repeated under its key: one run, whatever comes between. */
import { expect } from "bun:test"
import { rmSync } from "node:fs"
import { Duration, Effect, Layer } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Home } from "../services/Home.ts"
import { Sql } from "../services/Sql.ts"
import { live, tempHome } from "../testing/effect.ts"
import { hub, rooms, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"
import { Runner } from "./Runner.ts"
import { Store } from "./Store.ts"

const caller: Caller = { door: "mcp", client: "test", call_key: "k1" }
const it = shell("it", "echo done >> started; echo ok")
const runs = Effect.flatMap(Store, (store) => store.list({ limit: 100 }))
const day = 24 * 60 * 60 * 1000

live(
  "gives the same run again, and its state as it is now",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const first = yield* dispatch.accept({ prompt: "x", cwd: path, agent: "it" }, caller)
    expect(first.state).toBe("queued")
    yield* dispatch.check(first.run_id, Duration.seconds(20))
    const again = yield* dispatch.accept({ agent: "it", cwd: path, prompt: "x" }, caller)
    expect(again).toEqual({ run_id: first.run_id, state: "succeeded" })
    expect(yield* runs).toHaveLength(1)
    expect(yield* Effect.promise(() => Bun.file(`${path}/started`).text())).toBe("done\n")
  }),
)

live(
  "two at the same moment become one run",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const accept = dispatch.accept({ prompt: "x", cwd: path, agent: "it" }, caller)
    const accepted = yield* Effect.all(
      Array.from({ length: 8 }, () => accept),
      { concurrency: "unbounded" },
    )
    expect(new Set(accepted.map(({ run_id }) => run_id)).size).toBe(1)
    expect(yield* runs).toHaveLength(1)
  }),
)

live(
  "a run that was written but never begun, as nobody heard of it, begins with the repeated call",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const sql = yield* Sql
    const { path } = yield* Home
    const request = { prompt: "x", cwd: path, agent: "it" }
    const { run_id } = yield* dispatch.accept(request, caller)
    yield* dispatch.check(run_id, Duration.seconds(20))
    // As it stands after the commit.
    yield* sql.run("delete from events")
    yield* sql.run("delete from attempts")
    yield* sql.run("delete from journal")
    yield* sql.run("update runs set state = 'queued', started_at = null, ended_at = null, answer = null")
    rmSync(`${path}/runs`, { recursive: true })
    expect(yield* dispatch.accept(request, caller)).toEqual({ run_id, state: "queued" })
    expect(yield* dispatch.check(run_id, Duration.seconds(20))).toMatchObject({ state: "succeeded" })
  }),
)

live(
  "another request under the key is a conflict that names the run",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, agent: "it" }, caller)
    const error = yield* Effect.flip(dispatch.accept({ prompt: "y", cwd: path, agent: "it" }, caller))
    expect(error).toMatchObject({ _tag: "KeyTaken", run_id })
    expect(error.message).toContain(run_id)
    const elsewhere = { ...caller, cwd: "/" }
    expect(yield* Effect.flip(dispatch.accept({ prompt: "x", agent: "it" }, elsewhere))).toMatchObject({
      _tag: "KeyTaken",
    })
    const there = { ...caller, cwd: path }
    expect((yield* dispatch.accept({ prompt: "x", agent: "it" }, there)).run_id).toBe(run_id)
    expect(yield* runs).toHaveLength(1)
  }),
)

live(
  "one caller's key means nothing for another",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const callers: ReadonlyArray<Caller> = [
      caller,
      { ...caller, door: "http" },
      { ...caller, door: "http", token: "mcp" },
      { ...caller, door: "http", token: "other" },
    ]
    const accepted = yield* Effect.forEach(callers, (one) =>
      dispatch.accept({ prompt: "x", cwd: path, agent: "it" }, one),
    )
    expect(new Set(accepted.map(({ run_id }) => run_id)).size).toBe(callers.length)
  }),
)

live(
  "a key is forgotten after seven days",
  hub({ agents: [it] }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const sql = yield* Sql
    const accept = (prompt: string, call_key: string) =>
      dispatch.accept({ prompt, cwd: path, agent: "it" }, { ...caller, call_key })
    const first = yield* accept("x", "old")
    yield* accept("x", "young")
    yield* sql.run("update calls set at = at - ? where key like '%old%'", [7 * day + 1000])
    yield* sql.run("update calls set at = at - ? where key like '%young%'", [7 * day - 60_000])
    yield* accept("x", "new")
    const kept = yield* sql.all<{ key: string }>("select key from calls order by at")
    expect(kept.map(({ key }) => JSON.parse(key)[1])).toEqual(["young", "new"])
    expect((yield* accept("x", "old")).run_id).not.toBe(first.run_id)
  }),
)

live(
  "the key holds across a restart, and a pipeline that was broken meanwhile is not asked for",
  Layer.empty,
  Effect.gen(function* () {
    const path = yield* tempHome
    const text = 'run = ["a"]\n[step.a]\ntype = "agent"\nagent = "it"\nprompt = "x"\n'
    const during = (text: string) =>
      Effect.scoped(
        Effect.provide(
          Effect.gen(function* () {
            const request = { prompt: "x", cwd: path, pipeline: "p" }
            const accepted = yield* (yield* Dispatch).accept(request, caller)
            yield* (yield* Dispatch).check(accepted.run_id, Duration.seconds(20))
            yield* (yield* Runner).leave
            return [accepted, (yield* runs).length] as const
          }),
          rooms(path, { agents: [it], pipelines: { p: text } }),
          { local: true },
        ),
      )
    const [first] = yield* during(text)
    expect(yield* during("run = 1")).toEqual([{ run_id: first.run_id, state: "succeeded" }, 1])
  }),
)
