/** What `bun test` printed of the tests that failed: each with its file and what was said since the test before it. */

/** Lines kept of one failed test: its error stands last, below what its programs logged. */
const longest = 80

const result = /^\((pass|fail|skip|todo)\) /

/** The failed tests in what `bun test` printed, in their order. */
export const failures = (output: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let file = ""
  let said: Array<string> = []
  for (const line of output.split("\n")) {
    if (isSummary(line)) break
    if (isFile(line)) {
      file = line
      said = []
      continue
    }
    said.push(line)
    const outcome = result.exec(line)?.[1]
    if (outcome === undefined) continue
    if (outcome === "fail") found.push([file, ...said.slice(-longest)].join("\n"))
    said = []
  }
  return found
}

/** Behind it Bun names the failed ones once more. */
const isSummary = (line: string): boolean => /^\d+ tests? (failed|skipped|todo):$/.test(line)

const isFile = (line: string): boolean => /^\S+\.test\.tsx?:$/.test(line)
