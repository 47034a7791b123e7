import { expect, test } from "bun:test"
import type { RunEvent } from "../../services/Events.ts"
import { make } from "../Terminal.ts"
import { listed, told } from "./Story.ts"

const sink = { write: () => {} }
const screen = make({ out: sink, err: sink, env: {} }).err
const event = (type: string, data: Record<string, unknown>, step?: string): RunEvent => ({
  run_id: "r",
  seq: 4,
  at: 1_700_000_003_100,
  type,
  ...(step === undefined ? {} : { step }),
  data,
})
const line = (type: string, data: Record<string, unknown>, step?: string) =>
  told(event(type, data, step), 1_700_000_000_000, screen)

test("routing is told with time, who, and why", () => {
  expect(
    line(
      "candidate_left",
      { candidate: "claude", class: "rate_limited", because: "asks to wait 30 s" },
      "write",
    ),
  ).toBe("   3.1 s  claude        left (rate_limited): asks to wait 30 s")
  expect(line("candidate_skipped", { candidate: "codex", because: "cooling for 5 min" })).toBe(
    "   3.1 s  codex         skipped: cooling for 5 min",
  )
  expect(line("retry_scheduled", { attempt: 2, pause_ms: 5_000, because: "overloaded" }, "write")).toBe(
    "   3.1 s  write         again in 5.0 s: overloaded",
  )
  expect(line("attempt_started", { agent: "claude", program: "claude", model: "opus" }, "w")).toBe(
    "   3.1 s  claude        started claude (opus)",
  )
  expect(line("step_failed", { failure: { class: "crashed", message: "boom" } }, "w")).toBe(
    "   3.1 s  w             failed: crashed: boom",
  )
  expect(line("run_resumed", {})).toContain("goes on in another hub process")
})

test("what says nothing about the way is not told, and no field that is missing breaks it", () => {
  for (const type of ["output", "usage", "step_started", "run_started", "of_a_plugin"])
    expect(line(type, {})).toBeUndefined()
  for (const type of ["candidate_left", "step_failed", "attempt_started", "retry_scheduled", "agent_message"])
    expect(line(type, { failure: null, text: { no: "text" } })).toBeString()
})

test("a long message is one short line without anything that steers the terminal", () => {
  const text = line("agent_message", { text: `\u001b[2J${"word ".repeat(500)}\nmore` }, "w") ?? ""
  expect(text.length).toBeLessThanOrEqual(100)
  expect(text).not.toMatch(/[\u0000-\u001f]/)
})

test("every event has a line of its own in a list", () => {
  expect(listed(event("candidate_chosen", { candidate: "claude" }, "write"), screen)).toBe(
    "    4  22:13:23.100  candidate_chosen    write           claude chosen",
  )
  expect(listed(event("usage", { input_tokens: 3 }, "w"), screen)).toEndWith(
    'w               {"input_tokens":3}',
  )
})
