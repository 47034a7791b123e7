/** Four real agents described in TOML, against what the real programs wrote. */
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { Failure } from "hub/plugin"
import { agentSuite, requestOf } from "hub/testing"
import { Config } from "./Config.ts"
import { decoder } from "./Decoder.ts"
import adapter from "./index.ts"
import { launch } from "./Launch.ts"

const file = Bun.TOML.parse(readFileSync(join(import.meta.dir, "fixtures/described.toml"), "utf8")) as {
  readonly plugin: Readonly<Record<string, { readonly config: object }>>
}

const config = (agent: string): Config => Schema.decodeUnknownSync(Config)(file.plugin[agent]?.config)

const linesOf = (name: string): ReadonlyArray<string> => {
  const path = join(import.meta.dir, "fixtures", name)
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []
}

const read = (agent: string, name: string, code: number) => {
  const reader = decoder(agent, {}, config(agent))
  const out = linesOf(`${agent}-${name}.jsonl`).flatMap((line) => reader.feed(line, "stdout"))
  const err = linesOf(`${agent}-${name}.stderr.txt`).flatMap((line) => reader.feed(line, "stderr"))
  const result = reader.end({ code, signal: null, timed_out: false, lost: false, ended_at: 0 })
  return { events: [...out, ...err], result }
}

/** What their stdout alone does not tell: the suite ends each failure with exit 1. */
const reliesOnExit = new Set(["gemini-e401", "gemini-e404", "gemini-e429-maxattempts2"])

const failures: ReadonlyArray<
  readonly [agent: string, name: string, code: number, class_: Failure.FailureClass]
> = [
  ["claude", "oauth-quota", 1, "quota_exhausted"],
  ["claude", "credit", 1, "quota_exhausted"],
  ["claude", "e429", 1, "rate_limited"],
  ["claude", "nokey", 1, "auth"],
  ["claude", "e404", 1, "model_unavailable"],
  ["claude", "context", 1, "context_too_long"],
  ["claude", "e529", 1, "overloaded"],
  ["claude", "refusal", 1, "refused"],
  ["claude", "max-turns", 1, "crashed"],
  ["claude", "bad-flag", 1, "adapter_mismatch"],
  ["codex", "quota", 1, "quota_exhausted"],
  ["codex", "usage", 1, "quota_exhausted"],
  ["codex", "e429", 1, "rate_limited"],
  ["codex", "e401", 1, "auth"],
  ["codex", "context", 1, "context_too_long"],
  ["codex", "e500", 1, "overloaded"],
  ["codex", "drop", 1, "network"],
  ["codex", "bad-flag", 2, "adapter_mismatch"],
  ["gemini", "quota", 173, "quota_exhausted"],
  ["gemini", "e429-maxattempts2", 173, "rate_limited"],
  ["gemini", "e401", 145, "auth"],
  ["gemini", "e404", 1, "model_unavailable"],
  ["gemini", "context", 144, "context_too_long"],
  ["gemini", "bad-flag", 1, "adapter_mismatch"],
  ["opencode", "credit", 1, "quota_exhausted"],
  ["opencode", "e429", 1, "rate_limited"],
  ["opencode", "e401", 1, "auth"],
  ["opencode", "context", 1, "context_too_long"],
]

for (const agent of Object.keys(file.plugin)) {
  const mine = failures.filter(([id, name]) => id === agent && linesOf(`${id}-${name}.jsonl`).length > 0)
  const recordings = [["ok", "text"] as const, ...mine.map(([, name, , class_]) => [class_, name] as const)]
  agentSuite(
    adapter.agent(config(agent), agent),
    recordings
      .filter(([, name]) => !reliesOnExit.has(`${agent}-${name}`))
      .map(([end, name]) => ({
        name: `${end}-${name}.jsonl`,
        text: linesOf(`${agent}-${name}.jsonl`).join("\n"),
      })),
  )
}

agentSuite(
  adapter.agent(Schema.decodeUnknownSync(Config)({ program: "acme", empty_answer: "crashed" }), "plain"),
)

test.each(failures)("%s: %s (exit %i) is %s", (agent, name, code, class_) => {
  const { result } = read(agent, name, code)
  if (!(result instanceof Failure.Failure)) throw new Error(`answered: ${result.text}`)
  expect(result.class).toBe(class_)
  expect(result.evidence?.join("")).toMatch(/./)
})

const answers: ReadonlyArray<readonly [agent: string, name: string, types: ReadonlyArray<string>]> = [
  ["claude", "text", ["session_started", "agent_message", "usage"]],
  [
    "claude",
    "shell-bypass",
    ["session_started", "agent_message", "tool_started", "tool_finished", "agent_message", "usage"],
  ],
  ["codex", "text", ["session_started", "agent_message", "usage"]],
  [
    "codex",
    "shell-bypass",
    ["session_started", "agent_message", "command_started", "command_finished", "agent_message", "usage"],
  ],
  ["codex", "write-bypass", []],
  ["gemini", "text", ["session_started", "agent_message", "agent_message", "agent_message", "usage"]],
  ["gemini", "shell-yolo", []],
  ["opencode", "text", ["session_started", "agent_message", "usage"]],
  [
    "opencode",
    "shell-default",
    ["session_started", "agent_message", "tool_finished", "usage", "agent_message", "usage"],
  ],
]

test.each(answers)("%s: %s is an answer with its session and usage", (agent, name, types) => {
  const { events, result } = read(agent, name, 0)
  if (result instanceof Failure.Failure) throw new Error(result.message)
  expect(result.text).not.toBe("")
  expect(result.session_id).toMatch(/./)
  expect(result.usage?.["output_tokens"]).toBeGreaterThan(0)
  if (types.length > 0) expect(events.map(({ type }) => type)).toEqual([...types])
})

describe("is started as the manual says", () => {
  const request = requestOf({ prompt: "-p", model: "m", permission: "auto", session: { id: "s" } })

  test.each([
    ["claude", "-p --output-format stream-json --verbose --permission-mode acceptEdits --model m --resume s"],
    ["codex", "exec --json --skip-git-repo-check -s workspace-write -m m resume s -"],
    ["gemini", "--skip-trust -o stream-json --approval-mode auto_edit -m m --resume s"],
    ["opencode", "run --format json -m m -s s"],
  ])("%s", (agent, args) => {
    const start = launch(config(agent), request)
    if (start instanceof Failure.Failure) throw new Error(start.message)
    expect(start.args.join(" ")).toBe(args)
    expect(start.stdin).toEqual({ text: request.prompt })
  })
})
