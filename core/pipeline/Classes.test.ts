import { expect } from "bun:test"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../testing/effect.ts"
import { plan } from "../testing/plans.ts"
import { failed, memory, said, scripted } from "../testing/world.ts"
import { FailureClass } from "../plugin/Failure.ts"
import * as Run from "./Run.ts"

/** The table of the language's description: [class, retried, moves on]. */
const table: ReadonlyArray<readonly [FailureClass, boolean, boolean]> = [
  ["rate_limited", true, true],
  ["quota_exhausted", false, true],
  ["overloaded", true, true],
  ["network", true, true],
  ["auth", false, true],
  ["model_unavailable", false, true],
  ["context_too_long", false, true],
  ["refused", false, false],
  ["missing_program", false, true],
  ["adapter_mismatch", false, true],
  ["crashed", false, true],
  ["timed_out", false, false],
  ["stalled", false, false],
  ["bad_output", false, true],
  ["verification_failed", false, false],
  ["interrupted", false, false],
  ["cancelled", false, false],
  ["denied", false, false],
]

effect(
  "the table names every class once",
  Effect.sync(() => {
    expect(table.map(([class_]) => class_)).toEqual([...FailureClass.literals])
  }),
)

const agentStep = (id: string, more = "") => `
[step.${id}]
type = "agent"
agent = "${id}"
prompt = "p"
${more}
`

for (const [class_, retried, moves] of table) {
  effect(
    `a retry without \`on\` ${retried ? "repeats" : "lets stand"} ${class_}`,
    Effect.gen(function* () {
      const kept = memory()
      const world = scripted({ agent: () => failed(class_) }, kept)
      const parsed = yield* plan(`run = ["a"]${agentStep("a", 'retry = { times = 2, base = "1 second" }')}`)
      const fiber = yield* Effect.forkChild(Effect.flip(Run.run(parsed, world, new Map())))
      yield* TestClock.adjust("1 minute")
      expect((yield* Fiber.join(fiber)).class).toBe(class_)
      expect(kept.starts.map(({ name }) => name)).toEqual(retried ? ["a", "a~2", "a~3"] : ["a"])
    }),
  )

  effect(
    `a fallback without \`on\` ${moves ? "moves on after" : "ends with"} ${class_}`,
    Effect.gen(function* () {
      const kept = memory()
      const world = scripted(
        { agent: ({ call }) => (call.agent === "a" ? failed(class_) : said("b answers")) },
        kept,
      )
      const parsed = yield* plan(
        `run = ["f"]\n[step.f]\ntype = "fallback"\ntry = ["a", "b"]${agentStep("a")}${agentStep("b")}`,
      )
      const result = yield* Effect.result(Run.run(parsed, world, new Map()))
      if (moves) expect(Result.getOrThrow(result)).toMatchObject({ text: "b answers", by: "b" })
      else expect(result).toMatchObject({ failure: { class: class_, step: "a" } })
      expect(kept.starts.map(({ name }) => name)).toEqual(moves ? ["f/a", "f/b"] : ["f/a"])
    }),
  )
}

for (const class_ of ["cancelled", "denied"] as const) {
  effect(
    `${class_} is neither repeated nor left for another candidate, whatever \`on\` says`,
    Effect.gen(function* () {
      const kept = memory()
      const world = scripted({ agent: () => failed(class_) }, kept)
      const parsed = yield* plan(`run = ["a"]${agentStep("a", "retry = { times = 2 }")}`)
      const a = parsed.steps.get("a")!
      const retry = { ...a.modifiers.retry!, on: new Set([class_]) }
      const forced = new Map(parsed.steps).set("a", { ...a, modifiers: { ...a.modifiers, retry } })
      yield* Effect.flip(Run.run({ ...parsed, steps: forced }, world, new Map()))
      expect(kept.starts.length).toBe(1)
    }),
  )
}
