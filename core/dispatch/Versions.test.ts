/** What a run says of a program that its adapter does not fit. */
import { expect } from "bun:test"
import { Duration, Effect } from "effect"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const probed = { installed: true, version: "3.0.0", seen: "2.1.0", notes: [] }
const agents = [
  { ...shell("new", "echo FAIL adapter_mismatch it takes no --x."), probe: Effect.succeed(probed) },
  { ...shell("busy", "echo FAIL overloaded it is."), probe: Effect.die("was asked") },
  shell("plain", "echo FAIL adapter_mismatch it takes no --x."),
]

live(
  "a rejected flag names the installed version and the tested one; nothing else is looked at",
  hub({ agents }),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { path } = yield* Home
    const failure = Effect.fnUntraced(function* (agent: string) {
      const caller = { door: "cli", client: "test" } as const
      const { run_id } = yield* dispatch.accept({ prompt: "x", agent, cwd: path }, caller)
      return (yield* dispatch.check(run_id, Duration.seconds(20))).failure?.message
    })
    expect(yield* failure("new")).toBe(
      "it takes no --x. Installed is 3.0.0, the adapter was made with 2.1.0: see `hub doctor agents`.",
    )
    expect(yield* failure("busy")).toBe("it is.")
    expect(yield* failure("plain")).toBe("it takes no --x.")
  }),
)
