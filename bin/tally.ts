/** What a run of the tests came to, read from Bun's JUnit report and its exit code. */

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Counts the tests of a run. `report` is empty when Bun wrote none.
 *
 * A run without a failed test that ended badly, or in which no test ran, has failed once: a test that calls
 * `process.exit(0)` ends the runner with code 0 and no report.
 */
export const tally = (report: string, exitCode: number): Tally => {
  const head = /<testsuites [^>]*>/.exec(report)?.[0] ?? ""
  const number = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const [tests, failures, skipped] = [number("tests"), number("failures"), number("skipped")]
  const passed = tests - failures - skipped
  const isBad = exitCode !== 0 || passed + failures === 0
  return { passed, failed: failures === 0 && isBad ? 1 : failures, skipped }
}

/** Of two runs together. */
export const sum = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/** The last line of a test run. */
export const line = ({ failed, passed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
