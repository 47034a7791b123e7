// @effect-diagnostics schemaSyncInEffect:off
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "bun:test"
import { Effect, Fiber, Option, Schema, Stream } from "effect"
import { type Agent, type Failure, Processes } from "hub/plugin"
import { live, processes, tempHome, test } from "hub/testing"
import { Config } from "./Config.ts"
import { type Preset, presets, unknown } from "./Presets.ts"
import { run } from "./Turn.ts"

const here = (file: string) => join(import.meta.dirname, "fixtures", file)

/** Longer than a test: what comes late on a busy machine comes in time. */
const waits = { farewell: "1 hour", breath: "1 hour" } as const

interface Given {
  readonly request?: Partial<Agent.AgentRequest>
  readonly config?: object
  readonly preset?: Preset
  /** What is said to each question; nobody is there when left out. */
  readonly reply?: (question: Agent.PermissionQuestion) => Agent.Reply
}

const began = Effect.fnUntraced(function* (args: ReadonlyArray<string>, given: Given = {}) {
  const { config, preset = unknown, reply, request } = given
  const cwd = yield* tempHome
  const asked: Array<Agent.PermissionQuestion> = []
  const host: Agent.AgentHost = {
    ask: (question) => {
      asked.push(question)
      return reply === undefined ? Effect.never : Effect.succeed(reply(question))
    },
  }
  const setting = {
    agent: "tester",
    config: Schema.decodeUnknownSync(Config)({ program: process.execPath, ...config }),
    preset: { ...preset, args, model: undefined, file: undefined },
  }
  const whole = {
    run_id: "r",
    attempt: 1,
    prompt: "hello",
    cwd,
    dir: cwd,
    prompt_file: `${cwd}/prompt`,
    ...request,
  }
  const tools = { processes: yield* Processes, workspace: {} as never }
  return { asked, cwd, stream: run(tools, setting, whole, host, waits) }
})

/** The whole turn: its events, and how it ended. */
const turned = Effect.fnUntraced(function* (args: ReadonlyArray<string>, given: Given = {}) {
  const { asked, cwd, stream } = yield* began(args, given)
  const events: Array<Agent.AgentEvent> = []
  let answer: Agent.Answer | undefined
  const failure = yield* Stream.runForEach(stream, (element) =>
    Effect.sync(() => void ("answer" in element ? (answer = element.answer) : events.push(element))),
  ).pipe(
    Effect.as(undefined),
    Effect.catch((error) => Effect.succeed(error)),
  )
  return { asked, cwd, events, types: events.map(({ type }) => type), answer, failure }
})

const agent = (what: string, ...more: ReadonlyArray<string>) => [here("agent.ts"), what, ...more]
const dataOf = (events: ReadonlyArray<Agent.AgentEvent>, type: string) =>
  events.filter((event) => event.type === type).map(({ data }) => data)

const allowed = ({ choices }: Agent.PermissionQuestion): Agent.Reply => ({
  choice: choices.find(({ kind }) => kind === "allow"),
  because: "a test said so",
})

const command = "echo mock-tool-ran > proof.txt && cat proof.txt"

/** Each by its preset, asked for the permission to run one command. */
const shells: ReadonlyArray<keyof typeof presets> = [
  "gemini",
  "opencode",
  "claude",
  "copilot",
  "qwen",
  "grok",
]

for (const name of shells)
  live(
    `${name}: the recorded question has its exact command, and the answer comes after it`,
    processes,
    Effect.gen(function* () {
      const given = { preset: presets[name], reply: allowed, request: { permission: "ask" as const } }
      const { answer, asked, events, failure } = yield* turned(
        [here("replay.ts"), here(`${name}-shell.jsonl`)],
        given,
      )
      expect(failure).toBeUndefined()
      expect(asked.map((question) => question.command)).toEqual([command])
      expect(answer?.text).toStartWith("Done. Tool said:")
      expect(dataOf(events, "command_started")).toMatchObject([{ command }])
      expect(dataOf(events, "command_finished")).toMatchObject([{ command, status: "completed" }])
      expect(dataOf(events, "session_started").length).toBe(1)
    }),
  )

live(
  "what the recorded agents have used is told in the hub's words",
  processes,
  Effect.gen(function* () {
    const used: Record<string, unknown> = {}
    for (const name of shells) {
      const given = { preset: presets[name], request: { permission: "bypass" as const } }
      const { events } = yield* turned([here("replay.ts"), here(`${name}-shell.jsonl`)], given)
      used[name] = dataOf(events, "usage").at(-1)
    }
    expect(used).toMatchObject({
      gemini: { input_tokens: 2000, output_tokens: 40 },
      opencode: { input_tokens: 800, output_tokens: 15, reasoning_tokens: 5, cached_input_tokens: 200 },
      claude: {
        input_tokens: 2000,
        output_tokens: 40,
        cached_input_tokens: 400,
        cost_usd: 0.013320000000000002,
      },
      qwen: { input_tokens: 2000, output_tokens: 40 },
    })
  }),
)

const ends: Readonly<Record<string, Failure.FailureClass | undefined>> = {
  "gemini-e401": "auth",
  "opencode-e401": "auth",
  "codex-e401": "auth",
  "droid-network": "network",
  "auggie-login": "auth",
  "codex-shell": undefined,
  "gemini-mcp": undefined,
  "opencode-mcp": undefined,
  "claude-mcp": undefined,
}

for (const [name, class_] of Object.entries(ends))
  live(
    `${name} ends with ${class_ ?? "an answer"}`,
    processes,
    Effect.gen(function* () {
      const given = { reply: allowed, request: { permission: "ask" as const } }
      const { answer, failure } = yield* turned([here("replay.ts"), here(`${name}.jsonl`)], given)
      expect(failure?.class).toBe(class_ as never)
      if (class_ === undefined) expect(answer?.text).toContain("Done. Tool said")
    }),
  )

live(
  "a turn: pieces joined, a tool from its start to its end, odd lines kept, history passed over",
  processes,
  Effect.gen(function* () {
    const { answer, events } = yield* turned(agent("say"))
    expect(events).toMatchObject([
      { type: "session_started", data: { session_id: "s-1" } },
      { type: "reasoning", data: { text: "Hm." } },
      { type: "todo_updated", data: { items: [{ content: "look" }] } },
      { type: "agent_message", data: { text: "Not this." } },
      { type: "tool_started", data: { tool: "read", id: "r" } },
      { type: "tool_finished", data: { tool: "read", result: "aa", status: "completed" } },
      { type: "output", data: { text: "a line that is none of the protocol" } },
      { type: "usage", data: { cost_usd: 0.5 } },
      { type: "agent_message", data: { text: "You said: hello" } },
      { type: "usage", data: { input_tokens: 10, output_tokens: 5, cost_usd: 0.5 } },
    ])
    expect(answer).toMatchObject({ text: "You said: hello", session_id: "s-1" })
    const again = yield* turned(agent("say"), { request: { session: { id: "s-1" } } })
    expect(again.answer?.text).toBe("You said: hello")
    expect(JSON.stringify(again.events)).not.toContain("long ago")
  }),
)

live(
  "a session that cannot be gone on with is refused, and said",
  processes,
  Effect.gen(function* () {
    const refused = (args: ReadonlyArray<string>, request: Partial<Agent.AgentRequest>) =>
      Effect.map(turned(args, { request }), ({ failure }) => `${failure?.class}: ${failure?.message}`)
    expect(yield* refused(agent("forgetful"), { session: { id: "s-1" } })).toBe(
      'adapter_mismatch: "tester" cannot go on with a session: tester 9 does not offer session/load.',
    )
    expect(yield* refused(agent("say"), { session: { id: "s-2" } })).toBe(
      'adapter_mismatch: "tester" did not go on with session "s-2": no such session.',
    )
    expect(yield* refused(agent("say"), { model: "huge" })).toBe(
      'adapter_mismatch: "tester" cannot work in model "huge": it offers small, large.',
    )
  }),
)

live(
  "a change is shown line by line, told when it is done, and denied where the permission says so",
  processes,
  Effect.gen(function* () {
    const { answer, asked, cwd, events } = yield* turned(agent("edit"), {
      reply: allowed,
      request: { permission: "ask" },
    })
    expect(asked).toMatchObject([
      {
        tool: "edit",
        text: "edit: Write notes",
        paths: [`${cwd}/notes.md`],
        diff: `changes ${cwd}/notes.md, line 2:\n-two\n+2`,
        choices: [
          { id: "y", kind: "allow" },
          { id: "n", kind: "deny" },
        ],
      },
    ])
    expect(answer?.text).toBe("It was y.")
    expect(dataOf(events, "file_changed")).toMatchObject([
      { changes: [{ path: `${cwd}/notes.md`, kind: "update" }] },
    ])
    for (const [permission, said] of [
      ["auto", "It was y."],
      ["bypass", "It was y."],
      ["restricted", "It was n."],
    ] as const) {
      const ended = yield* turned(agent("edit"), { request: { permission } })
      expect([ended.asked.length, ended.answer?.text]).toEqual([0, said])
      expect(dataOf(ended.events, "permission_decided")).toMatchObject([
        { because: `permission = "${permission}"` },
      ])
    }
    const ruled = yield* turned(agent("edit"), { config: { policy: [{ path: "*.md", decision: "deny" }] } })
    expect(ruled.answer?.text).toBe("It was n.")
    expect(dataOf(ruled.events, "file_changed")).toEqual([])
  }),
)

live(
  "model, mode and the hub's own tools go to the session",
  processes,
  Effect.gen(function* () {
    const log = `${yield* tempHome}/log`
    const { answer } = yield* turned(agent("tools", log), {
      config: { mode: "careful", model: "large" },
      request: { mcp: [{ name: "hub", command: "/bin/hub", args: ["serve"], env: { HUB_RUN: "r" } }] },
    })
    expect(answer?.text).toContain('"name":"hub"')
    const told = readFileSync(log, "utf8")
    expect(told).toContain('session/set_mode {"sessionId":"s-1","modeId":"careful"}')
    expect(told).toContain('session/set_model {"sessionId":"s-1","modelId":"large"}')
    expect(told).toContain(
      '"mcpServers":[{"name":"hub","command":"/bin/hub","args":["serve"],"env":[{"name":"HUB_RUN","value":"r"}]}]',
    )
  }),
)

live(
  "odd ends are told for what they are",
  processes,
  Effect.gen(function* () {
    const ended = (what: string) => Effect.map(turned(agent(what)), ({ failure }) => failure)
    expect(yield* ended("die")).toMatchObject({
      class: "crashed",
      message: "tester ended with exit 7 before it said that it is done.",
      evidence: ["out of memory"],
    })
    expect((yield* ended("nothing"))?.class).toBe("crashed")
    expect((yield* ended("refuse"))?.class).toBe("refused")
    expect((yield* ended("fault"))?.class).toBe("context_too_long")
    const missing = yield* turned([], { config: { program: "no-such-program" } })
    expect(missing.failure?.class).toBe("missing_program")
  }),
)

live(
  "an agent that tries again by itself says so before it ends",
  processes,
  Effect.gen(function* () {
    const { stream } = yield* began(agent("retry"))
    const sign = yield* Stream.runHead(Stream.filter(stream, (one) => "type" in one && one.type === "signal"))
    expect(Option.getOrThrow(sign)).toMatchObject({ data: { class: "rate_limited", retry_after_ms: 7000 } })
  }),
)

live(
  "an agent that keeps its stderr to itself is heard in its log, before there is one",
  processes,
  Effect.gen(function* () {
    const preset = { ...unknown, log: "AGENT_LOG" }
    const { stream } = yield* began(agent("logs"), { preset })
    const sign = yield* Stream.runHead(Stream.filter(stream, (one) => "type" in one && one.type === "signal"))
    expect(Option.getOrThrow(sign)).toMatchObject({ data: { class: "rate_limited" } })
  }),
)

live(
  "a question waits for what is handed to the tool, where that comes behind it",
  processes,
  Effect.gen(function* () {
    const { asked } = yield* turned(agent("late"), { reply: allowed, request: { permission: "ask" } })
    expect(asked).toMatchObject([{ tool: "hub_dispatch", command: '{"prompt":"hello"}' }])
  }),
)

live(
  "a turn that ends over a no has said what it said; one that nobody denied anything was interrupted",
  processes,
  Effect.gen(function* () {
    const denied = yield* turned(agent("offended"), { request: { permission: "restricted" } })
    expect(denied.answer?.text).toBe("I will change it.")
    const permitted = yield* turned(agent("offended"), { request: { permission: "bypass" } })
    expect(permitted.failure?.class).toBe("interrupted")
  }),
)

live(
  "an error that is told as a message is none of an answer",
  processes,
  Effect.gen(function* () {
    const preset = { ...unknown, failed: presets.copilot.failed }
    const { failure } = yield* turned(agent("copes"), { preset })
    expect(failure).toMatchObject({
      class: "auth",
      message: expect.stringContaining("Authentication failed"),
    })
    expect((yield* turned(agent("quotes"), { preset })).answer?.text).toBe("Error: is what it said.")
  }),
)

live(
  "who has rules is asked, also where all is permitted",
  processes,
  Effect.gen(function* () {
    const log = `${yield* tempHome}/log`
    const preset = { ...unknown, modes: { auto: "careful", bypass: "fast" } }
    const policy = [{ path: "*.md", decision: "deny" }]
    const { answer } = yield* turned(agent("edit", log), {
      preset,
      config: { policy },
      request: { permission: "bypass" },
    })
    expect(answer?.text).toBe("It was n.")
    expect(readFileSync(log, "utf8")).toContain('session/set_mode {"sessionId":"s-1","modeId":"careful"}')
  }),
)

live(
  "whoever is not wanted any more is told, and ends",
  processes,
  Effect.gen(function* () {
    const log = `${yield* tempHome}/log`
    const { stream } = yield* began(agent("hang", log))
    const fiber = yield* Effect.forkChild(
      Stream.runHead(Stream.filter(stream, (one) => "type" in one && one.type === "agent_message")),
    )
    yield* Fiber.join(fiber)
    expect(readFileSync(log, "utf8")).toContain('session/cancel {"sessionId":"s-1"}')
  }),
)

test("a preset for each agent, and a program for any other", () => {
  const config = (given: object) => Schema.decodeUnknownSync(Config)(given)
  expect(config({ preset: "gemini" }).preset).toBe("gemini")
  expect(() => config({ preset: "gemin" })).toThrow()
  expect(Object.values(presets).every(({ permission }) => permission.includes("ask"))).toBe(true)
  expect(unknown.permission).not.toContain("restricted")
})
