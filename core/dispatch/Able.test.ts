/** What an agent can be asked. */
import { describe, expect, test } from "bun:test"
import { Duration, Effect } from "effect"
import type { Supports } from "../plugin/Agent.ts"
import type { AgentHandle } from "../plugin/Catalogue.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import * as Able from "./Able.ts"
import { Dispatch } from "./Dispatch.ts"

type Call = Parameters<typeof Able.refusal>[1]

const all: Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto"],
  model: true,
  output_schema: true,
  system_prompt: true,
}

const said = (supports: Supports, call: Call, kind: AgentHandle["kind"] = "program") =>
  Able.refusal({ id: "acme", kind, supports }, call)?.facts

const cases: ReadonlyArray<readonly [what: string, call: Call, lacking: Partial<Supports>, said: string]> = [
  ["a session", { session: { id: "s" } }, { resume: false }, "cannot go on with a session: begin a new one."],
  [
    "a branch of a session",
    { session: { id: "s", fork: true } },
    { fork: undefined },
    "cannot branch off a session: go on with it, or begin a new one.",
  ],
  [
    "a branch, where it has no sessions at all",
    { session: { id: "s", fork: true } },
    { fork: false, resume: false },
    "cannot branch off a session: begin a new one.",
  ],
  ["a model", { model: "m" }, { model: undefined }, "cannot be given a model: leave it out,"],
  ["a system prompt", { system: "s" }, { system_prompt: false }, "say it in the prompt."],
  ["an output schema", { output_schema: {} }, { output_schema: undefined }, "takes no output schema:"],
  [
    "a permission mode",
    { permission: "bypass" },
    {},
    'no permission mode "bypass": it has restricted, auto.',
  ],
  ["any permission mode", { permission: "auto" }, { permission: undefined }, "it has none, so leave it out."],
  ["a model like a flag", { model: "--help" }, {}, 'would read the model "--help" as a flag:'],
  ["a session id like a flag", { session: { id: "-1" } }, {}, 'would read the session "-1" as a flag:'],
]

describe("refuses what the agent cannot do, and says what to do", () => {
  test.each(cases)("%s", (_, call, lacking, sentence) => {
    const failure = said({ ...all, ...lacking }, call)
    expect(failure?.class).toBe("adapter_mismatch")
    expect(failure?.message).toStartWith('Agent "acme" ')
    expect(failure?.message).toContain(sentence)
  })
})

test("an agent that can do all of it is not refused, and nothing asked is always possible", () => {
  const call = { model: "m", system: "s", output_schema: {}, permission: "auto" } as const
  expect(said(all, { ...call, session: { id: "s" } })).toBeUndefined()
  expect(said(all, { ...call, session: { id: "s", fork: true } })).toBeUndefined()
  expect(said({ fork: true }, { session: { id: "s", fork: true } })).toBeUndefined()
  expect(said({}, {})).toBeUndefined()
  expect(said(all, { session: { id: "-V1x" } }, "stream")).toBeUndefined()
})

test("a session of another folder is refused where the agent goes on with one in its own folder only", () => {
  const told = (supports: Supports, session: string | undefined) =>
    Able.refusal({ id: "acme", kind: "program", supports }, { session: { id: "s" } }, { cwd: "/b", session })
  const bound = { ...all, resume_in_folder: true }
  expect(told(bound, "/a")?.message).toBe(
    'Agent "acme" goes on with a session only in the folder it began in: work in /a, or begin a new one.',
  )
  expect(told(bound, "/b")).toBeUndefined()
  expect(told(bound, undefined)).toBeUndefined()
  expect(told(all, "/a")).toBeUndefined()
})

test("every reason is told at once, each as a sentence", () => {
  const message = said({}, { model: "-m", system: "s", session: { id: "s" } })?.message ?? ""
  expect(message.match(/Agent "acme" /g)).toHaveLength(4)
  expect(message.split(". ")).toHaveLength(4)
})

test("an argument may have 120 KB, counted in bytes", () => {
  const most = 120 * 1024
  expect(Able.tooLong("acme", { args: ["-p", "x".repeat(most), "ü".repeat(most / 2)] })).toBeUndefined()
  const failure = Able.tooLong("acme", { args: ["-p", `Be brief${"ü".repeat(most / 2)}`] })
  expect(failure?.class).toBe("adapter_mismatch")
  expect(failure?.message).toContain('Agent "acme" would get an argument of 121 KB')
  expect(failure?.message).toEndWith(`starts with "Be brief${"ü".repeat(52)}".`)
})

const candidates = (first: string) => `run = ["ask"]
[step.ask]
type = "fallback"
try = ["first", "second"]
[step.first]
type = "agent"
agent = "first"
prompt = "x"
${first}
[step.second]
type = "agent"
agent = "second"
prompt = "x"
`

const answering = (id: string, script: string): AgentHandle => ({
  ...shell(id, script),
  supports: { model: true },
})

const stories: ReadonlyArray<readonly [what: string, first: string, script: string, said: string]> = [
  ["a model like a flag", 'model = "--help"', "echo started", 'the model "--help" as a flag'],
  ["an argument that is too long", "", `echo ${"x".repeat(130_000)}`, "an argument of 127 KB"],
]

for (const [what, first, script, sentence] of stories)
  live(
    `${what} is a failed attempt that started nothing, and the fallback moves on`,
    hub({
      agents: [answering("first", script), answering("second", "echo done")],
      pipelines: { one: candidates(first) },
    }),
    Effect.gen(function* () {
      const dispatch = yield* Dispatch
      const { path: cwd } = yield* Home
      const caller = { door: "cli", client: "test" } as const
      const { run_id } = yield* dispatch.accept({ prompt: "x", cwd, pipeline: "one" }, caller)
      const { answer, attempts } = yield* dispatch.check(run_id, Duration.seconds(20))
      expect(answer).toBe("done")
      expect(attempts.map(({ agent, state }) => [agent, state])).toEqual([
        ["first", "failed"],
        ["second", "succeeded"],
      ])
      expect(attempts[0]?.failure).toMatchObject({ class: "adapter_mismatch", agent: "first" })
      expect(attempts[0]?.failure?.message).toContain(sentence)
    }),
  )
