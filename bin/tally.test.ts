import { expect, test } from "bun:test"
import { line, sum, tally } from "./tally.ts"

const report = (tests: number, failures: number, skipped: number): string =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" tests="${tests}" assertions="9" failures="${failures}" skipped="${skipped}">`

test("counts what passed, failed and was skipped", () => {
  expect(tally(report(9, 2, 3), 1)).toEqual({ passed: 4, failed: 2, skipped: 3 })
  expect(tally(report(9, 0, 0), 0)).toEqual({ passed: 9, failed: 0, skipped: 0 })
})

test("a runner that ended badly has failed, whatever its report says", () => {
  expect(tally(report(9, 0, 0), 1)).toEqual({ passed: 9, failed: 1, skipped: 0 })
})

test("a run without a report has failed, though it ended well", () => {
  expect(tally("", 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test("a run that skipped every test has failed", () => {
  expect(tally(report(3, 0, 3), 0)).toEqual({ passed: 0, failed: 1, skipped: 3 })
})

test("names skipped tests only when there are any", () => {
  expect(line({ passed: 4, failed: 2, skipped: 3 })).toBe("4 passed, 2 failed, 3 skipped")
  expect(line({ passed: 4, failed: 0, skipped: 0 })).toBe("4 passed, 0 failed")
})

test("two runs are counted together", () => {
  const one = { passed: 4, failed: 0, skipped: 1 }
  expect(sum(one, tally("", 0))).toEqual({ passed: 4, failed: 1, skipped: 1 })
})
