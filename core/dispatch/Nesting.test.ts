/** A run that an agent of another run asks for: how deep, and with how much permission. */
import { expect } from "bun:test"
import { Duration, Effect, Option, Stream } from "effect"
import type { Permission as Mode } from "../plugin/Agent.ts"
import type { AgentHandle, ProgramAgentHandle } from "../plugin/Catalogue.ts"
import type { Caller } from "../plugin/Operation.ts"
import { Events } from "../services/Events.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const caller: Caller = { door: "cli", client: "test" }
const long = Duration.seconds(20)

/** Says which permission it was given; `waits`: and works on. */
const telling = (id: string, able: ReadonlyArray<Mode> | undefined, waits = false): AgentHandle => ({
  ...(shell(id, "") as ProgramAgentHandle),
  supports: { permission: able },
  launch: ({ permission = "none" }) =>
    Effect.succeed({
      program: "sh",
      args: ["-c", `echo ${permission}; ${waits ? "sleep 60; " : ""}echo ${permission}`],
    }),
})

const all: ReadonlyArray<Mode> = ["restricted", "auto", "bypass"]
const agents = [
  telling("outer", all, true),
  telling("inner", all),
  telling("careful", ["restricted", "bypass"]),
  telling("plain", undefined),
]

const step = (agent: string, permission: string | undefined) =>
  `run = ["a"]\n[step.a]\ntype = "agent"\nagent = "${agent}"\nprompt = "x"\n${permission === undefined ? "" : `permission = "${permission}"`}`

const modes = [undefined, ...all]
const pipelines = Object.fromEntries(
  agents.flatMap(({ id, supports }) =>
    modes
      .filter((mode) => mode === undefined || supports.permission?.includes(mode))
      .map((mode) => [`${id}-${mode ?? "own"}`, step(id, mode)]),
  ),
)

const accept = (pipeline: string, parent_run?: string) =>
  Effect.gen(function* () {
    const { path } = yield* Home
    const from = parent_run === undefined ? caller : { ...caller, parent_run }
    return yield* (yield* Dispatch).accept({ prompt: "x", cwd: path, pipeline }, from)
  })

const check = (run_id: string) => Effect.flatMap(Dispatch, (dispatch) => dispatch.check(run_id, long))

/** A run whose agent works, and what its agent was given. */
const working = (pipeline: string, parent_run?: string) =>
  Effect.gen(function* () {
    const { run_id } = yield* accept(pipeline, parent_run)
    const events = yield* Events
    const said = Stream.filter(events.follow(run_id, 0), ({ type }) => type === "agent_message")
    return { run_id, given: Option.getOrThrow(yield* Stream.runHead(said)).data["text"] }
  })

/** What an inner run is given, or why it is given nothing. */
const within = (outer: string, inner: string) =>
  Effect.gen(function* () {
    const { answer, failure } = yield* check((yield* accept(inner, outer)).run_id)
    return failure?.class ?? answer
  })

const lowered: Readonly<Record<string, ReadonlyArray<string>>> = {
  "outer-restricted": [
    "restricted",
    "restricted",
    "restricted",
    "restricted",
    "restricted",
    "adapter_mismatch",
  ],
  "outer-own": ["none", "restricted", "auto", "auto", "restricted", "none"],
  "outer-auto": ["none", "restricted", "auto", "auto", "restricted", "none"],
  "outer-bypass": ["none", "restricted", "auto", "bypass", "bypass", "none"],
}

for (const [outer, expected] of Object.entries(lowered))
  live(
    `permission only shrinks: what an inner run asks for above that of ${outer} is lowered`,
    hub({ agents, pipelines }),
    Effect.gen(function* () {
      const { run_id } = yield* working(outer)
      const found = yield* Effect.forEach(
        ["inner-own", "inner-restricted", "inner-auto", "inner-bypass", "careful-bypass", "plain-own"],
        (inner) => within(run_id, inner),
      )
      expect(found).toEqual([...expected])
    }),
  )

live(
  "what was lowered once stays low further in",
  hub({ agents, pipelines }),
  Effect.gen(function* () {
    const first = yield* working("outer-restricted")
    const second = yield* working("outer-bypass", first.run_id)
    expect(second.given).toBe("restricted")
    const third = yield* working("outer-bypass", second.run_id)
    expect(third.given).toBe("restricted")
  }),
)

live(
  "the sixth run inside another is refused",
  hub({ agents, pipelines }),
  Effect.gen(function* () {
    let parent: string | undefined
    for (let depth = 0; depth <= 5; depth++) parent = (yield* working("outer-auto", parent)).run_id
    const error = yield* Effect.flip(accept("inner-auto", parent))
    expect(error).toMatchObject({ _tag: "RequestRefused" })
    expect(error.message).toContain("5 other runs")
  }),
)
