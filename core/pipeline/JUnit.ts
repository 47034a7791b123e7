/** Test results as JUnit XML, one suite for each pipeline. */
import type { TestResult } from "./PipelineTest.ts"

export const xml = (results: ReadonlyArray<TestResult>): string => {
  const suites = Map.groupBy(results, ({ pipeline }) => pipeline)
  const body = Array.from(suites, ([pipeline, tests]) => suite(pipeline, tests))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts(results)}>`,
    ...body,
    "</testsuites>",
    "",
  ].join("\n")
}

const suite = (pipeline: string, tests: ReadonlyArray<TestResult>) =>
  [
    `  <testsuite name="${escape(pipeline)}" ${counts(tests)}>`,
    ...tests.map(testCase),
    "  </testsuite>",
  ].join("\n")

const counts = (tests: ReadonlyArray<TestResult>) => {
  const failed = tests.filter(({ problems }) => problems.length > 0).length
  const ms = tests.reduce((sum, { duration_ms }) => sum + duration_ms, 0)
  return `tests="${tests.length}" failures="${failed}" errors="0" skipped="0" time="${seconds(ms)}"`
}

const testCase = ({ pipeline, name, problems, why, duration_ms }: TestResult) => {
  const head = `    <testcase classname="${escape(pipeline)}" name="${escape(name)}" time="${seconds(duration_ms)}"`
  if (problems.length === 0) return `${head}/>`
  const detail = escape([...problems, why].filter((part) => part !== "").join("\n"))
  return `${head}>\n      <failure message="${escape(problems[0] ?? "")}">${detail}</failure>\n    </testcase>`
}

const seconds = (ms: number) => (ms / 1_000).toFixed(3)

const NAMES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** XML 1.0 has no way to write most control characters, not even escaped. */
const escape = (text: string) =>
  text
    // oxlint-disable-next-line no-control-regex -- naming them is the point
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => NAMES[character] ?? character)
