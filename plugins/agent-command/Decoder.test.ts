import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { type Agent, type Exit, Failure } from "hub/plugin"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"

interface Output {
  readonly stdout?: string | undefined
  readonly stderr?: string | undefined
  readonly code?: number
  readonly signal?: string
}

const lines = (text: string | undefined): ReadonlyArray<string> => (text ?? "").replace(/\n$/, "").split("\n")

const exitOf = ({ code = 0, signal }: Output): Exit => ({
  code,
  signal: signal ?? null,
  timed_out: false,
  lost: false,
  ended_at: 0,
})

/** Reads an output to its end. */
const read = (given: object, output: Output, asked: Partial<Agent.AgentRequest> = {}) => {
  const config = Schema.decodeUnknownSync(Config)({ program: "acme", ...given })
  const reader = decoder("acme", asked, config)
  const events = (["stdout", "stderr"] as const).flatMap((stream) =>
    output[stream] === undefined ? [] : lines(output[stream]).flatMap((line) => reader.feed(line, stream)),
  )
  return { events, result: reader.end(exitOf(output)) }
}

const answered = (given: object, output: Output, asked?: Partial<Agent.AgentRequest>): Agent.Answer => {
  const { result } = read(given, output, asked)
  if (result instanceof Failure.Failure) throw new Error(`${result.class}: ${result.message}`)
  return result
}

const failed = (given: object, output: Output): Failure.Failure => {
  const { result } = read(given, output)
  if (result instanceof Failure.Failure) return result
  throw new Error(`answered: ${result.text}`)
}

const fixture = (name: string): string => readFileSync(join(import.meta.dir, "fixtures", name), "utf8")

const signals = (events: ReadonlyArray<Agent.AgentEvent>) => events.filter(({ type }) => type === "signal")

describe("plain text", () => {
  test("what is written is the answer, without colours and empty lines around it", () => {
    const { events, result } = read(
      {},
      { stdout: "\n\n\x1b[1;32mDone.\x1b[0m\n\x1b]0;title\x07 Two files.\n\n", stderr: "noise" },
    )
    expect(result).toEqual({ text: "Done.\n Two files." })
    expect(events.map(({ type }) => type)).toEqual(Array.from(events, () => "output"))
    expect(answered({ strip_ansi: false }, { stdout: "\x1b[1mx" }).text).toBe("\x1b[1mx")
  })

  test("of a long answer the end is kept, whole characters only", () => {
    const answer = answered({ answer_max_bytes: 10 }, { stdout: "one\ntwo\nthree\näöüäöü" })
    expect(answer).toEqual({ text: "öüäöü", truncated: true })
    expect(answered({ answer_max_bytes: 13 }, { stdout: "one\ntwo\nthree" })).toEqual({
      text: "one\ntwo\nthree",
    })
    expect(answered({ answer_max_bytes: 12 }, { stdout: "one\ntwo\nthree" }).truncated).toBe(true)
  })

  test("a million lines and a line of 20 MB leave the tail", () => {
    const config = Schema.decodeUnknownSync(Config)({ program: "acme" })
    const reader = decoder("acme", {}, config)
    for (let index = 0; index < 1_000_000; index++) reader.feed(`line ${index}`, "stdout")
    const big = reader.feed("x".repeat(20_000_000), "stdout")
    expect(JSON.stringify(big).length).toBeLessThan(3000)
    reader.feed("the end", "stdout")
    const answer = reader.end(exitOf({})) as Agent.Answer
    expect(answer.truncated).toBe(true)
    expect(answer.text.length).toBe(65_536)
    expect(answer.text).toEndWith("x\nthe end")
  })

  test("nothing is an answer unless the config says that it is none", () => {
    expect(answered({}, { stdout: "" })).toEqual({ text: "" })
    const failure = failed({ empty_answer: "crashed" }, { stdout: " \n", stderr: "gave up" })
    expect(failure.class).toBe("crashed")
    expect(failure.evidence).toEqual(["gave up"])
  })

  test("only output that is nowhere looked at while it comes may be skipped", () => {
    const may = (given: object) =>
      decoder("a", {}, Schema.decodeUnknownSync(Config)({ program: "a", ...given })).may_skip
    expect(may({})).toBe(true)
    expect(may({ failure: [{ class: "network", matches: "retry", early: true }] })).toBe(false)
    expect(may(codex)).toBe(false)
  })

  test("an answer is data when a schema asked for it", () => {
    expect(answered({}, { stdout: '{"ok":true}' }, { output_schema: {} }).data).toEqual({ ok: true })
    expect(answered({}, { stdout: "no json" }, { output_schema: {} })).toEqual({ text: "no json" })
  })
})

describe("failure rules", () => {
  const rules = {
    failure: [
      { class: "quota_exhausted", exit: 75, resets_at: "resets at (\\S+)", seen: "acme 2.4" },
      { class: "auth", exit: [3, 4] },
      { class: "refused", matches: "^policy:", in: "stdout" },
      { class: "overloaded", exit: 1, matches: "BUSY (\\w+)", retry_after: "wait (\\d+)" },
    ],
  }

  test("an exit status", () => {
    const failure = failed(rules, { code: 75, stderr: "no credit, resets at 2026-11-21T10:00:00Z" })
    expect(failure.facts).toEqual({
      class: "quota_exhausted",
      message: "acme ended with exit 75: no credit, resets at 2026-11-21T10:00:00Z",
      exit_code: 75,
      resets_at: Date.UTC(2026, 10, 21, 10),
      evidence: ["no credit, resets at 2026-11-21T10:00:00Z", "(seen in acme 2.4)"],
    })
    expect(failed(rules, { code: 4 }).class).toBe("auth")
  })

  test("a text in the stream that is meant", () => {
    expect(failed(rules, { code: 9, stdout: "policy: no" }).class).toBe("refused")
    expect(failed(rules, { code: 9, stderr: "policy: no" }).class).toBe("crashed")
  })

  test("a status and a text together, with the wait in seconds", () => {
    const failure = failed(rules, { code: 1, stderr: "busy now\nwait 90 please" })
    expect(failure.facts).toMatchObject({
      class: "overloaded",
      message: "acme said: busy now",
      retry_after_ms: 90_000,
    })
    expect(failed(rules, { code: 2, stderr: "busy now" }).class).toBe("crashed")
  })

  test("named groups are added up", () => {
    const retry_after = "again in (?:(?<hours>\\d+)h)? ?(?:(?<minutes>\\d+)m)?"
    const given = { failure: [{ class: "quota_exhausted", matches: "limit", retry_after }] }
    expect(failed(given, { code: 1, stderr: "limit: again in 2h 13m" }).retry_after_ms).toBe(7_980_000)
    expect(failed(given, { code: 1, stderr: "limit: see you" }).retry_after_ms).toBeUndefined()
  })

  test("the first that fits decides", () => {
    const twice = {
      failure: [
        { class: "auth", matches: "no" },
        { class: "network", matches: "no" },
      ],
    }
    expect(failed(twice, { code: 1, stderr: "no" }).class).toBe("auth")
  })

  test("success is success whatever it says, unless a rule names its exit", () => {
    expect(answered({}, { stdout: "I fixed the rate limit (429)" }).text).toContain("429")
    const zero = { failure: [{ class: "auth", exit: 0, matches: "log in", in: "stderr" }] }
    expect(failed(zero, { stderr: "please log in" }).class).toBe("auth")
    expect(answered(zero, { stdout: "please log in" }).text).toBe("please log in")
  })

  test("a text far above the end is found, and a line is looked at up to 4 KB", () => {
    const given = { failure: [{ class: "auth", matches: "needle" }], builtin_rules: false }
    const trace = "at x\n".repeat(2000)
    expect(failed(given, { code: 1, stderr: `needle\n${trace}` }).class).toBe("auth")
    expect(failed(given, { code: 1, stderr: `${trace}needle\n` }).class).toBe("auth")
    expect(failed(given, { code: 1, stderr: `${" ".repeat(5000)}needle` }).class).toBe("crashed")
  })

  test("an early one is a signal, and progress after it is seen", () => {
    const early = {
      failure: [{ class: "rate_limited", matches: "slow down", retry_after: "(\\d+) s", early: true }],
    }
    const config = Schema.decodeUnknownSync(Config)({ program: "acme", ...early })
    const reader = decoder("acme", {}, config)
    const [output, signal] = reader.feed("slow down 30 s", "stderr")
    expect(output?.type).toBe("output")
    expect(signal).toMatchObject({ type: "signal", data: { class: "rate_limited", retry_after_ms: 30_000 } })
    expect(reader.feed("here it comes", "stdout")[0]?.type).toBe("agent_message")
    expect(reader.feed("more", "stdout")[0]?.type).toBe("output")
    expect(reader.end(exitOf({}))).toEqual({ text: "here it comes\nmore" })
    expect(failed(early, { code: 1, stderr: "slow down 30 s" }).class).toBe("rate_limited")
  })
})

describe("without a rule that fits", () => {
  test("it crashed, with the last lines as evidence", () => {
    const stderr = Array.from({ length: 40 }, (_, index) => `trace ${index} ${"x".repeat(600)}`).join("\n")
    const { class: class_, evidence, exit_code, message } = failed({}, { code: 3, stdout: "a\n\nb", stderr })
    expect({ class_, exit_code }).toEqual({ class_: "crashed", exit_code: 3 })
    expect(message).toStartWith("acme ended with exit 3: trace 39")
    expect(evidence?.slice(0, 2)).toEqual(["a", "b"])
    expect(evidence?.length).toBe(14)
    expect(evidence?.every((line) => line.length <= 500)).toBe(true)
  })

  test("a signal is named", () => {
    const failure = failed({}, { code: 137, signal: "SIGKILL" })
    expect(failure.message).toBe("acme was ended by SIGKILL and said nothing.")
    expect(failure.signal).toBe("SIGKILL")
  })

  const cases: ReadonlyArray<readonly [string, Failure.FailureClass, number, string]> = [
    ["claude", "adapter_mismatch", 1, fixture("claude-bad-flag.stderr.txt")],
    ["codex", "adapter_mismatch", 2, fixture("codex-bad-flag.stderr.txt")],
    ["gemini", "adapter_mismatch", 1, fixture("gemini-bad-flag.stderr.txt")],
    ["kimi", "auth", 1, fixture("kimi-e401.stderr.txt")],
    ["auggie", "auth", 1, fixture("auggie-nokey.stderr.txt")],
    ["python", "adapter_mismatch", 2, "usage: x [-h]\nx: error: unrecognized arguments: --nope"],
    ["go", "adapter_mismatch", 2, "flag provided but not defined: -nope"],
    ["sysexits", "adapter_mismatch", 64, "that is not how it works"],
    ["usage", "adapter_mismatch", 2, "Usage: x [options]"],
    ["sh", "missing_program", 127, "sh: 1: acme: not found"],
    ["quota", "quota_exhausted", 1, "HTTP 429: You exceeded your current quota, please check your plan"],
    ["weekly", "quota_exhausted", 1, "You've hit your 5-hour limit · resets 10:32pm (UTC)"],
    ["credit", "quota_exhausted", 1, "Credit balance is too low"],
    ["burst", "rate_limited", 1, "API Error: Request rejected (429) · slow down"],
    ["busy", "overloaded", 1, "529 overloaded_error"],
    ["demand", "overloaded", 1, "We’re currently experiencing high demand"],
    ["403", "auth", 1, "unexpected status 403 Forbidden"],
    ["login", "auth", 1, "Not logged in · Please run /login"],
    ["model", "model_unavailable", 1, "The model `gpt-9` does not exist or you do not have access to it."],
    ["room", "context_too_long", 1, "Codex ran out of room in the model's context window."],
    ["long", "context_too_long", 1, "This model's maximum context length is 8192 tokens"],
    ["dns", "network", 1, "Error: getaddrinfo EAI_AGAIN api.example.com"],
    ["refused", "network", 1, "connect ECONNREFUSED 127.0.0.1:1"],
    ["502", "network", 1, "HTTP 502"],
    ["line number", "crashed", 1, "TypeError at main.js:429:401"],
    ["model name", "crashed", 1, "Loading model gpt-9"],
  ]

  test.each(cases)("a well-known text is guessed: %s", (_, class_, code, stderr) => {
    const failure = failed({}, { code, stderr })
    expect(failure.class).toBe(class_)
    if (class_ !== "crashed") expect(failure.evidence?.at(-1)).toContain("guess")
  })

  test("a guess can be switched off", () => {
    expect(failed({ builtin_rules: false }, { code: 1, stderr: "429 Too Many Requests" }).class).toBe(
      "crashed",
    )
  })

  test.each([
    ["claude-bad-flag.stderr.txt", "--no-such-flag"],
    ["codex-bad-flag.stderr.txt", "--no-such-flag"],
  ])("the flag that is not taken is named: %s", (name, flag) => {
    expect(failed({}, { code: 1, stderr: fixture(name) }).message).toStartWith(`acme does not take ${flag}: `)
  })

  test.each([
    ["rate limit: retry after 30", 30_000],
    ["rate limit\nRetry-After: 7", 7000],
    ["rate limit, please try again in 2.5s", 2500],
    ["rate limit, retry in 250ms", 250],
    ["rate limit, try again in 1h 5m", 3_900_000],
    ["rate limit, try again in 3 minutes", 180_000],
    ["rate limit", undefined],
  ])("the wait is read: %j", (stderr, wait) => {
    expect(failed({}, { code: 1, stderr }).retry_after_ms).toBe(wait as number)
  })
})

const codex = (Bun.TOML.parse(fixture("../sample.toml")) as { plugin: { codex: { config: object } } }).plugin
  .codex.config

const claude = {
  output: "json-lines",
  event: [
    { when: { type: "system", subtype: "init" }, as: "session_started", take: { session_id: "session_id" } },
    { when: { type: "assistant" }, as: "agent_message", take: { text: "message.content.*.text" } },
    { when: { type: "result" }, as: "answer", take: { text: "result", data: "structured_output" } },
    {
      when: { type: "result" },
      as: "usage",
      take: { input_tokens: "usage.input_tokens", cost_usd: "total_cost_usd" },
    },
    { when: { type: "result", is_error: false }, as: "success" },
  ],
  failure: [
    {
      class: "quota_exhausted",
      when: { type: "rate_limit_event", rate_limit_info: { status: "rejected" } },
      resets_at: '"resetsAt":(\\d+)',
    },
    {
      class: "rate_limited",
      when: { type: "result", is_error: true, api_error_status: 429 },
      message: "result",
    },
    {
      class: "rate_limited",
      when: { type: "system", subtype: "api_retry", error: "rate_limit" },
      retry_after: '"retry_delay_ms":(?<ms>\\d+)',
      early: true,
    },
  ],
}

const gemini = {
  output: "json-lines",
  event: [
    { when: { type: "init" }, as: "session_started", take: { session_id: "session_id" } },
    {
      when: { type: "message", role: "assistant" },
      as: "agent_message",
      take: { text: "content" },
      join: true,
    },
    { when: { type: "result", status: "success" }, as: "success" },
  ],
  failure: [
    {
      class: "rate_limited",
      when: { type: "result" },
      message: "error.message",
      matches: "quota",
      retry_after: "retry in (\\d+)s",
    },
  ],
}

describe("JSON lines, as real programs wrote them", () => {
  test("codex: messages, session, usage and success", () => {
    const { events, result } = read(codex, { stdout: fixture("codex-text.jsonl") })
    expect(result).toEqual({
      text: "Hello from the mock model.",
      session_id: "01a1faf9-5204-7ba0-9a98-6a85d8ac6f1e",
      usage: { input_tokens: 1000, output_tokens: 20 },
    })
    expect(events.map(({ type }) => type)).toEqual(["session_started", "agent_message", "usage"])
  })

  test.each([
    ["codex-quota.jsonl", "quota_exhausted"],
    ["codex-e429.jsonl", "rate_limited"],
    ["codex-drop.jsonl", "network"],
  ] as const)("%s is %s", (name, class_) => {
    const failure = failed(codex, { code: 1, stdout: fixture(name) })
    expect(failure.class).toBe(class_)
    expect(failure.evidence?.at(-1)).toBe("(seen in codex 0.169.0)")
  })

  test("codex says early that it has no network", () => {
    expect(signals(read(codex, { code: 1, stdout: fixture("codex-drop.jsonl") }).events).length).toBe(1)
  })

  test("codex cut in the middle has failed, in spite of exit 0", () => {
    const stdout = lines(fixture("codex-text.jsonl")).slice(0, -1).join("\n")
    const failure = failed(codex, { stdout: `${stdout}\n{"type":"turn.comp` })
    expect(failure.class).toBe("crashed")
    expect(failure.message).toContain("without the event that means success")
  })

  test("a stream that is not the one described is a mismatch", () => {
    const failure = failed(codex, { stdout: '{"event":"new format"}\nHello' })
    expect(failure.class).toBe("adapter_mismatch")
    expect(failure.evidence).toEqual(['{"event":"new format"}', "Hello"])
  })

  test("claude: the result is the answer", () => {
    const { events, result } = read(claude, { stdout: fixture("claude-text.jsonl") })
    expect(result).toMatchObject({
      text: "Hello from the mock model.",
      usage: { input_tokens: 1000, cost_usd: 0.00444 },
    })
    expect(events.map(({ type }) => type)).toEqual(["session_started", "agent_message", "usage"])
  })

  test("claude: an event tells when the window is full again", () => {
    const failure = failed(claude, { code: 1, stdout: fixture("claude-oauth-quota.jsonl") })
    expect(failure.facts).toMatchObject({ class: "quota_exhausted", resets_at: 1_795_213_937_000 })
  })

  test("claude: a retry is told early, with its wait", () => {
    const { events, result } = read(claude, { code: 1, stdout: fixture("claude-e429.jsonl") })
    expect(signals(events)).toMatchObject([{ data: { class: "rate_limited", retry_after_ms: 562 } }])
    expect(result).toMatchObject({ class: "rate_limited" })
  })

  test("gemini: pieces of a message are joined", () => {
    const { events, result } = read(gemini, {
      stdout: fixture("gemini-text.jsonl"),
      stderr: "Ripgrep is not available.",
    })
    expect(result).toMatchObject({ text: "Hello from the mock model." })
    expect(events.filter(({ data }) => data["delta"] === true).length).toBe(3)
  })

  test("of endless pieces the end is kept", () => {
    const piece = JSON.stringify({ type: "message", role: "assistant", content: "0123456789" })
    const done = JSON.stringify({ type: "result", status: "success" })
    const stdout = [...Array.from({ length: 20_000 }, () => piece), done].join("\n")
    const answer = answered({ ...gemini, answer_max_bytes: 1005 }, { stdout })
    expect(answer).toEqual({ text: `56789${"0123456789".repeat(100)}`, truncated: true })
    const whole = answered({ ...gemini, answer_max_bytes: 200_000 }, { stdout })
    expect(whole).toEqual({ text: "0123456789".repeat(20_000) })
  })

  test("gemini: a failure in its result", () => {
    const failure = failed(gemini, { code: 173, stdout: fixture("gemini-e429-maxattempts2.jsonl") })
    expect(failure.facts).toMatchObject({ class: "rate_limited", retry_after_ms: 1000, exit_code: 173 })
  })

  test("opencode: a status number deep in an object", () => {
    const given = {
      output: "json-lines",
      event: [{ when: { type: "text" }, as: "agent_message", take: { text: "part.text" } }],
      failure: [
        {
          class: "rate_limited",
          when: { type: "error", "error.data.statusCode": [429, 529] },
          message: "error.data.message",
        },
      ],
    }
    expect(failed(given, { code: 1, stdout: fixture("opencode-e429.jsonl") }).message).toStartWith(
      "acme said: Rate limit reached",
    )
    expect(answered(given, { stdout: fixture("opencode-text.jsonl") }).text).toBe(
      "Hello from the mock model.",
    )
  })

  test("pi: exit 0 with an error in the last message is a failure", () => {
    const given = {
      output: "json-lines",
      event: [
        { when: { type: "agent_end", "messages.-1.stopReason": "stop" }, as: "success" },
        { when: { type: "agent_end" }, as: "answer", take: { text: "messages.-1.content.*.text" } },
      ],
      failure: [
        {
          class: "rate_limited",
          when: { type: "agent_end", "messages.-1.stopReason": "error" },
          message: "messages.-1.errorMessage",
          matches: "^429",
          retry_after: "try again in (\\d+)s",
        },
      ],
    }
    expect(failed(given, { stdout: fixture("pi-e429.jsonl") })).toMatchObject({
      class: "rate_limited",
      retry_after_ms: 2000,
    })
    const recovered = `${fixture("pi-e429.jsonl")}{"type":"agent_end","messages":[{"stopReason":"stop","content":[{"text":"ok"}]}]}`
    expect(answered(given, { stdout: recovered }).text).toBe("ok")
  })

  test("text rules leave the stream alone and read the lines beside it", () => {
    expect(failed(codex, { code: 1, stdout: '{"type":"x","text":"too many requests"}' }).class).toBe(
      "crashed",
    )
    expect(failed(codex, { code: 1, stdout: "too many requests" }).class).toBe("rate_limited")
  })

  test("what is no object is kept as text", () => {
    const odd = ["", "[1]", "null", "{", '"x"', '{"a":1}}', "\u0000", "{}"].join("\n")
    const { events } = read(codex, { code: 1, stdout: odd })
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 7 }, () => "output"))
  })

  test("usage of single steps is added up where the rule says so", () => {
    const usage = (join: boolean) => ({
      output: "json-lines",
      event: [{ when: { t: 1 }, as: "usage", take: { input_tokens: "n", note: "s" }, join }],
    })
    const stdout = '{"t":1,"n":2,"s":"x"}\n{"t":1,"n":3}\n{"t":1}'
    expect(answered(usage(true), { stdout }).usage).toEqual({ input_tokens: 5 })
    expect(answered(usage(false), { stdout }).usage).toEqual({ input_tokens: 3 })
  })
})

describe("one JSON document", () => {
  const droid = {
    output: "json",
    event: [
      { when: { type: "result" }, as: "answer", take: { text: "result" } },
      { when: { type: "result" }, as: "session_started", take: { session_id: "session_id" } },
      { when: { is_error: false }, as: "success" },
    ],
    failure: [{ class: "refused", when: { is_error: true }, message: "result" }],
  }

  test("is read at the end, noise before it left out", () => {
    const answer = { text: "Hello from the mock model.", session_id: "a583f774-b6e7-486e-a69a-15af4f2e4ae6" }
    expect(answered(droid, { stdout: fixture("droid-text.json") })).toEqual(answer)
    const pretty = JSON.stringify(JSON.parse(fixture("droid-text.json")), null, 2)
    expect(answered(droid, { stdout: `starting…\n${pretty}` })).toEqual(answer)
  })

  test("a list is read entry by entry", () => {
    const stdout = '[{"type":"x"},{"type":"result","is_error":true,"result":"no"}]'
    expect(failed(droid, { stdout })).toMatchObject({ class: "refused", message: "acme said: no" })
  })

  test("text in its place is a mismatch, and its texts are looked at", () => {
    expect(failed(droid, { stdout: "Hello" }).class).toBe("adapter_mismatch")
    expect(failed(droid, { code: 1, stdout: "not logged in" }).class).toBe("auth")
  })
})
