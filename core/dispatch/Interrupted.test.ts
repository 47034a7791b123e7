/** An attempt that is not wanted any more leaves no program, whatever moment it is given up in. */
import { expect } from "bun:test"
import { Duration, Effect, Fiber } from "effect"
import * as fs from "node:fs"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Attempts } from "./Attempt.ts"

const limits = { timeout: Duration.seconds(60), stall: undefined, patience: Duration.seconds(15) }

/** Live processes of this run. Linux only: elsewhere nothing is looked for. */
const left = (run_id: string): ReadonlyArray<string> =>
  process.platform !== "linux"
    ? []
    : fs
        .readdirSync("/proc")
        .filter((pid) => /^\d+$/.test(pid))
        .filter((pid) => {
          try {
            const state = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0]
            const environ = `${fs.readFileSync(`/proc/${pid}/environ`, "latin1")}\0`
            return state !== "Z" && environ.includes(`HUB_RUN=${run_id}\0`)
          } catch {
            return false
          }
        })

live(
  "given up in each of its first milliseconds",
  hub({ agents: [shell("slow", "sleep 60")] }),
  Effect.gen(function* () {
    const attempts = yield* Attempts
    const { path } = yield* Home
    for (let after = 0; after < 24; after++) {
      const run_id = `given-up-${process.pid}-${after}`
      const place = { run_id, cwd: path, name: "a", step: "a", limits }
      const fiber = yield* Effect.forkChild(attempts.agent(place, { agent: "slow", prompt: "x" }))
      yield* Effect.sleep(after / 2)
      yield* Fiber.interrupt(fiber)
      expect({ after, left: left(run_id) }).toEqual({ after, left: [] })
    }
  }),
)
