import { expect, test } from "bun:test"
import { versionIn } from "./Probing.ts"

test("a version is read out of what programs say of themselves", () => {
  const said: ReadonlyArray<readonly [string, string | undefined]> = [
    ["2.1.329 (Claude Code)", "2.1.329"],
    ["codex-cli 0.169.0\n", "0.169.0"],
    ["GitHub Copilot CLI 1.0.102.\nRun 'copilot update' to check for updates.", "1.0.102"],
    ["grok 1.0.41 (4220f3b224a6)", "1.0.41"],
    ["acme 3.0.0-rc.1+build7, of 2026", "3.0.0-rc.1+build7"],
    ["no number", undefined],
  ]
  for (const [text, version] of said) expect(versionIn(text)).toBe(version)
})
