/**
 * Builds what is out of date, runs the tests, and says as its very last line how many passed.
 *
 * Arguments go to `bun test`: `npm test -- core/toml`.
 */
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureBuilt } from "./binary.ts"
import { bun } from "./bun.ts"
import { line, tally, type Tally } from "./tally.ts"

/** Milliseconds of one test. Bun forgets what the preload sets after the first file. */
const limit = 30_000

const main = async (): Promise<Tally> => {
  if (!(await ensureBuilt())) return { passed: 0, failed: 1, skipped: 0 }
  const folder = await mkdtemp(join(tmpdir(), "hub-junit-"))
  const report = join(folder, "junit.xml")
  try {
    const reporting = ["--reporter=junit", `--reporter-outfile=${report}`]
    const code = await bun("test", `--timeout=${limit}`, ...reporting, ...Bun.argv.slice(2))
    return tally(existsSync(report) ? await Bun.file(report).text() : "", code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const result = await main()
console.log(line(result))
process.exitCode = result.failed > 0 ? 1 : 0
