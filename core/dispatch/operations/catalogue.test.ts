/** Who can work, as a person and a client are told it. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { expect } from "bun:test"
import { Effect, Stream } from "effect"
import { empty, Registry } from "../../plugin/Catalogue.ts"
import { of as failure } from "../../plugin/Failure.ts"
import type { Operation } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { live } from "../../testing/effect.ts"
import { hub, shell } from "../../testing/hub.ts"
import { Cooldowns } from "../Cooldowns.ts"
import * as Catalogue from "./catalogue.ts"

const agent = (id: string, program?: string) => ({ ...shell(id, "cat"), program, summary: `Runs ${id}.` })

const listed = Effect.gen(function* () {
  const found = (yield* Catalogue.make).find(({ name }) => name === "list_agents") as Operation
  const output = yield* found.run({}, { door: "cli", client: "test" }, silent) as Effect.Effect<
    Readonly<Record<string, unknown>>,
    unknown
  >
  return { output, lines: String(found.print?.(output)).split("\n") }
})

live(
  "an agent is ready, cooling, or missing with the reason; of one that does not say what it starts nothing is claimed",
  hub({
    agents: [
      agent("here", "sh"),
      agent("gone", "no-such-program"),
      agent("moved", "/no/such/program"),
      agent("tired", "sh"),
      agent("silent"),
    ],
  }),
  Effect.gen(function* () {
    const limited = failure("rate_limited", "slow down", { retry_after_ms: 3_600_000 })
    yield* (yield* Cooldowns).note({ run_id: "r1", step: "it", attempt: 1 }, "tired", undefined, limited)
    const { lines, output } = yield* listed
    expect(output).toMatchObject({
      agents: [
        { id: "here", cooling: [] },
        { id: "gone", missing: 'cannot start "no-such-program": not found on PATH' },
        { id: "moved", missing: 'cannot start "/no/such/program": it does not exist' },
        { id: "tired", cooling: [{ class: "rate_limited" }] },
        { id: "silent" },
      ],
    })
    const rows = lines.map((line) => line.split(/ {2,}/))
    expect(rows.map(([id, , state]) => [id, state])).toEqual([
      ["here", "ready"],
      ["gone", "missing"],
      ["moved", "missing"],
      ["tired", "cooling"],
      ["silent", "ready"],
    ])
    expect(rows[1]?.[3]).toBe('cannot start "no-such-program": not found on PATH')
  }),
)

live(
  "plugins that may bring more are named",
  hub({ agents: [] }),
  Effect.gen(function* () {
    const late = { instance: "late", use: "./late.py", isolation: "process", startup: "optional" } as const
    const plugins = [{ ...late, state: "starting", contributes: {}, starts: 1 } as const]
    const registry = { current: Effect.succeed({ ...empty, plugins }), changes: Stream.empty }
    const { lines, output } = yield* Effect.provideService(listed, Registry, registry)
    expect(output).toEqual({ agents: [], starting: ["late"] })
    expect(lines.at(-1)).toBe("Still starting: late")
  }),
)
