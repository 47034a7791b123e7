import { expect } from "bun:test"
import { Duration, Effect, Layer, Option, Stream } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { live, tempHome } from "../testing/effect.ts"
import { type Given, rooms, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"
import { Runner } from "./Runner.ts"
import { Store } from "./Store.ts"

const caller: Caller = { door: "cli", client: "test" }
const long = Duration.seconds(20)

const until = (run_id: string, type: string) =>
  Effect.gen(function* () {
    const events = yield* Events
    const found = yield* Stream.runHead(
      Stream.filter(events.follow(run_id, 0), (event) => event.type === type),
    )
    return Option.getOrThrow(found)
  })

/** A hub that goes away cleanly at the end of `body`. */
const during = <A, E>(
  path: string,
  given: Given,
  body: Effect.Effect<A, E, Dispatch | Events | Runner | Store>,
) =>
  Effect.scoped(
    Effect.provide(
      Effect.ensuring(
        body,
        Effect.flatMap(Runner, (runner) => runner.leave),
      ),
      rooms(path, given),
      { local: true },
    ),
  )

/** Zombies wait for pid 1 and run nothing any more. */
const runs = (pid: number): boolean => {
  const state = Bun.spawnSync(["ps", "-o", "state=", "-p", String(pid)])
    .stdout.toString()
    .trim()
  return state !== "" && !state.startsWith("Z")
}

const none = Layer.empty

live(
  "a run goes on while no hub lives, and the next hub delivers its answer",
  none,
  Effect.gen(function* () {
    const path = yield* tempHome
    const given: Given = {
      agents: [
        shell(
          "slow",
          `echo began >> ${path}/ledger; echo one; while [ ! -e ${path}/go ]; do sleep 0.05; done; echo two`,
        ),
      ],
    }
    const run_id = yield* during(
      path,
      given,
      Effect.gen(function* () {
        const accepted = yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, agent: "slow" }, caller)
        yield* until(accepted.run_id, "agent_message")
        return accepted.run_id
      }),
    )
    yield* Effect.promise(() => Bun.write(`${path}/go`, ""))
    const [view, events] = yield* during(
      path,
      given,
      Effect.gen(function* () {
        expect(yield* (yield* Runner).resume).toBe(1)
        const view = yield* (yield* Dispatch).check(run_id, long)
        return [view, yield* (yield* Events).read(run_id, 0)] as const
      }),
    )
    expect(view).toMatchObject({ state: "succeeded", answer: "two" })
    expect(view.attempts.length).toBe(1)
    expect(yield* Effect.promise(() => Bun.file(`${path}/ledger`).text())).toBe("began\n")
    expect(events.filter(({ type }) => type === "agent_message").map(({ data }) => data["text"])).toEqual([
      "one",
      "two",
    ])
    expect(events.map(({ type }) => type)).toContain("attempt_adopted")
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1))
  }),
)

live(
  "a cancelled run is ended with all its processes, and stays ended",
  none,
  Effect.gen(function* () {
    const path = yield* tempHome
    const given: Given = { agents: [shell("stubborn", `trap '' TERM; echo $$; sleep 60 & sleep 60`)] }
    const [view, pid] = yield* during(
      path,
      given,
      Effect.gen(function* () {
        const dispatch = yield* Dispatch
        const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, agent: "stubborn" }, caller)
        const said = yield* until(run_id, "agent_message")
        return [yield* dispatch.cancel(run_id), Number(said.data["text"])] as const
      }),
    )
    expect(view).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] })
    expect(runs(pid)).toBe(false)
    expect(
      yield* during(
        path,
        given,
        Effect.flatMap(Runner, (runner) => runner.resume),
      ),
    ).toBe(0)
  }),
)

live(
  "a cancel that was accepted before the hub died is carried out by the next one",
  none,
  Effect.gen(function* () {
    const path = yield* tempHome
    const given: Given = { agents: [shell("slow", `echo $$; sleep 60`)] }
    const [run_id, pid] = yield* during(
      path,
      given,
      Effect.gen(function* () {
        const { run_id } = yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, agent: "slow" }, caller)
        const said = yield* until(run_id, "agent_message")
        yield* (yield* Store).requestCancel(run_id)
        return [run_id, Number(said.data["text"])] as const
      }),
    )
    expect(runs(pid)).toBe(true)
    const view = yield* during(
      path,
      given,
      Effect.gen(function* () {
        yield* (yield* Runner).resume
        return yield* (yield* Dispatch).check(run_id, long)
      }),
    )
    expect(view).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] })
    expect(runs(pid)).toBe(false)
  }),
)
