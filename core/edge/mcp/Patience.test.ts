import { expect, test } from "bun:test"
import { patienceOf } from "./Patience.ts"

test("a call answers before its client gives up", () => {
  const borne = {
    "claude-code": 320,
    "Codex-mcp-client": 60,
    "gemini-cli-mcp-client": 600,
    opencode: 60,
    somebody: 60,
    "": 60,
  }
  for (const [name, seconds] of Object.entries(borne)) {
    expect(patienceOf(name)).toBeLessThanOrEqual(seconds - 10)
    expect(patienceOf(name)).toBeGreaterThanOrEqual(50)
  }
  expect(patienceOf("gemini-cli-mcp-client")).toBe(540)
})
