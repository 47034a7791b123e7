/** The disk of the spool fills up, and has room again. */
import { expect } from "bun:test"
import * as fs from "node:fs"
import { Duration, Effect, Layer, Stream } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { mounted, root } from "../testing/disk.ts"
import { live, tempHome } from "../testing/effect.ts"
import { rooms, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const caller: Caller = { door: "cli", client: "test" }

if (root)
  live(
    "an answer that finds no room waits for it: no bug, no second attempt, no lost run",
    Layer.empty,
    Effect.gen(function* () {
      const path = yield* tempHome
      const disk = yield* mounted("512k")
      fs.symlinkSync(disk, `${path}/runs`)
      const script = `head -c 100000 /dev/zero | tr '\\0' x; echo; cat /dev/zero >${disk}/ballast 2>/dev/null; true`
      const body = Effect.gen(function* () {
        const dispatch = yield* Dispatch
        const events = yield* Events
        const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, agent: "long" }, caller)
        yield* Stream.runDrain(
          Stream.takeUntil(events.follow(run_id, 0), ({ type }) => type === "attempt_ended"),
        )
        const waiting = yield* dispatch.check(run_id, Duration.seconds(1))
        expect(waiting.state).toBe("running")
        fs.rmSync(`${disk}/ballast`)
        const view = yield* dispatch.check(run_id, Duration.seconds(20))
        expect([view.state, view.answer?.startsWith("xxx")]).toEqual(["succeeded", true])
        expect(view.attempts).toMatchObject([{ attempt: 1, state: "succeeded" }])
        const told = (yield* events.read(run_id, 0, 1000)).map(({ type }) => type)
        expect(told.filter((type) => /^(attempt_ended|run_succeeded)$/.test(type))).toHaveLength(2)
      })
      const agents = [shell("long", script)]
      yield* Effect.scoped(Effect.provide(body, rooms(path, { agents }), { local: true }))
    }),
  )
