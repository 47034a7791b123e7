/** What core puts into an agent's request, and into its process. */
import { existsSync, mkdirSync, statSync } from "node:fs"
import { expect } from "bun:test"
import { Duration, Effect, Layer } from "effect"
import type { AgentRequest } from "../plugin/Agent.ts"
import * as Agent from "../plugin/Agent.ts"
import type { ProgramAgentHandle } from "../plugin/Catalogue.ts"
import type { Caller } from "../plugin/Operation.ts"
import type { DispatchRequest } from "../services/Runs.ts"
import { live, tempHome } from "../testing/effect.ts"
import { rooms } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"
import { Self } from "./HubTools.ts"

const caller: Caller = { door: "cli", client: "test" }

/** Leaves a file in its temporary folder; `heard` is what it was asked. */
const agent = (heard: Array<AgentRequest>, hub_tools: boolean): ProgramAgentHandle => ({
  kind: "program",
  id: "asked",
  plugin: "test",
  summary: "asked",
  supports: { resume: true, fork: true, model: true, permission: ["auto", "bypass"], hub_tools },
  probe: undefined,
  client: undefined,
  launch: (request) => {
    heard.push(request)
    return Effect.succeed({
      program: "sh",
      args: ["-c", 'stat -c %a "$TMPDIR"; echo left > "$TMPDIR/left"; echo "$TMPDIR"'],
    })
  },
  decoder: () => {
    const lines: Array<string> = []
    return Effect.succeed({
      may_skip: false,
      feed: (more) =>
        Effect.sync(() => {
          lines.push(...more)
          return [Agent.session("s-1")]
        }),
      end: () =>
        Effect.succeed({ text: lines.join(" "), session_id: "s-1", usage: { session_input_tokens: 7 } }),
    })
  },
})

const pipeline = `run = ["first", "second"]
[step.first]
type = "agent"
agent = "asked"
prompt = "one"
[step.second]
type = "agent"
agent = "asked"
prompt = "two"
session = "first"
`

type Wish = Partial<DispatchRequest>

const ran = (hub_tools: boolean, wish: Wish = { pipeline: "twice" }, by = caller) =>
  Effect.gen(function* () {
    const path = yield* tempHome
    const heard: Array<AgentRequest> = []
    yield* Effect.promise(() => Bun.write(`${path}/pipelines/twice.toml`, pipeline))
    const work = Effect.gen(function* () {
      const dispatch = yield* Dispatch
      const { run_id } = yield* dispatch.accept({ prompt: "x", cwd: path, ...wish }, by)
      return yield* dispatch.check(run_id, Duration.seconds(20))
    })
    const hub = Effect.provide(work, rooms(path, { agents: [agent(heard, hub_tools)] }), { local: true })
    const view = yield* Effect.scoped(Effect.provideService(hub, Self, ["/bin/hub", "main.ts"]))
    return { heard, path, view }
  })

live(
  "an attempt has a temporary folder of its own, which goes with it",
  Layer.empty,
  Effect.gen(function* () {
    const { path, view } = yield* ran(false)
    const [mode, folder = ""] = (view.answer ?? "").split(" ")
    expect(mode).toBe("700")
    expect(folder).toBe(`${path}/runs/${view.run_id}/2/tmp`)
    expect(existsSync(folder)).toBe(false)
    expect(statSync(`${path}/runs/${view.run_id}/2`).isDirectory()).toBe(true)
  }),
)

live(
  "whoever goes on in a session hears what it had used",
  Layer.empty,
  Effect.gen(function* () {
    const { heard } = yield* ran(false)
    expect(heard.map(({ session }) => session)).toEqual([
      undefined,
      { id: "s-1", usage: { session_input_tokens: 7 } },
    ])
  }),
)

const direct = { agent: "asked", model: "m", permission: "auto", session: "s-9", fork: true } as const

live(
  "what is asked of an agent without a pipeline reaches it",
  Layer.empty,
  Effect.gen(function* () {
    const { heard } = yield* ran(false, direct)
    expect(heard).toMatchObject([
      { prompt: "x", model: "m", permission: "auto", session: { id: "s-9", fork: true } },
    ])
    const plain = (yield* ran(false, { agent: "asked" })).heard[0]
    expect([plain?.model, plain?.permission, plain?.session]).toEqual([undefined, undefined, undefined])
  }),
)

live(
  "a pipeline says itself what is asked, and only who may do everything sets an agent free",
  Layer.empty,
  Effect.gen(function* () {
    const refused = (wish: Wish, by?: Caller) =>
      Effect.map(Effect.flip(ran(false, wish, by)), ({ message }) => message)
    expect(yield* refused({ pipeline: "twice", model: "m", fork: true })).toBe(
      'pipeline "twice" says itself who does what: leave out model, fork, or name an agent instead of a pipeline',
    )
    const bypass = { agent: "asked", permission: "bypass" }
    const remote: Caller = { door: "http", client: "curl", token: "ci", scopes: ["read", "dispatch"] }
    expect(yield* refused(bypass, remote)).toContain("needs the scope admin")
    const { heard } = yield* ran(false, bypass, { ...remote, scopes: ["dispatch", "admin"] })
    expect(heard).toMatchObject([{ permission: "bypass" }])
  }),
)

live(
  "a session goes on where it began: as the last one of the folder, by its id, and from elsewhere as far as the agent can",
  Layer.empty,
  Effect.gen(function* () {
    const path = yield* tempHome
    const [here, there] = [`${path}/here`, `${path}/there`]
    for (const folder of [here, there]) mkdirSync(folder)
    const heard: Array<AgentRequest> = []
    const anywhere = agent(heard, false)
    const bound = { ...anywhere, id: "bound", supports: { resume: true, resume_in_folder: true } }
    const work = Effect.gen(function* () {
      const dispatch = yield* Dispatch
      const ask = Effect.fnUntraced(function* (id: string, cwd: string, session?: string) {
        const { run_id } = yield* dispatch.accept({ prompt: "x", cwd, agent: id, session }, caller)
        const { failure } = yield* dispatch.check(run_id, Duration.seconds(20))
        return failure?.message ?? heard.at(-1)?.session?.id
      })
      expect(yield* ask("asked", here, "continue")).toBeUndefined()
      expect(yield* ask("asked", here, "continue")).toBe("s-1")
      expect(yield* ask("asked", there, "continue")).toBeUndefined()
      expect(yield* ask("asked", there, "s-1")).toBe("s-1")
      expect(yield* ask("bound", here)).toBeUndefined()
      expect(yield* ask("bound", here, "s-1")).toBe("s-1")
      expect(yield* ask("bound", there, "s-1")).toContain(`work in ${here}, or begin a new one`)
      expect(yield* ask("bound", there, "s-of-another-hub")).toBe("s-of-another-hub")
    })
    yield* Effect.scoped(Effect.provide(work, rooms(path, { agents: [anywhere, bound] }), { local: true }))
  }),
)

live(
  "the hub's own tools are for agents that want them, and belong to the run",
  Layer.empty,
  Effect.gen(function* () {
    expect((yield* ran(false)).heard[0]?.mcp).toBeUndefined()
    const { heard, path, view } = yield* ran(true)
    expect(heard[0]?.mcp).toEqual([
      {
        name: "hub",
        command: "/bin/hub",
        args: ["main.ts", "serve", "--stdio"],
        env: { HUB_HOME: path, HUB_RUN: view.run_id },
      },
    ])
  }),
)
