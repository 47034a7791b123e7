/** An attempt that is not wanted any more leaves no program, whatever moment it is given up in. */
import { expect } from "bun:test"
import { Duration, Effect, Fiber } from "effect"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { processesOf } from "../testing/processes.ts"
import { Attempts } from "./Attempt.ts"

const limits = { timeout: Duration.seconds(60), stall: undefined, patience: Duration.seconds(15) }

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
      expect({ after, left: processesOf([run_id]) }).toEqual({ after, left: [] })
    }
  }),
)
