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
import { bun, root } from "./bun.ts"
import { line, sum, tally, type Tally } from "./tally.ts"

/** Milliseconds of one test. Bun forgets what the preload sets after the first file. */
const limit = 30_000

/** Most of the time is waiting for programs, so the tests of the built program run beside those of the code. */
const halves = [["./tests"], ["./bin", "./core", "./docs", "./plugins"]]

const main = async (): Promise<Tally> => {
  if (!(await ensureBuilt())) return { passed: 0, failed: 1, skipped: 0 }
  const wanted = Bun.argv.slice(2)
  if (wanted.length > 0) return tested(wanted, bun)
  return (
    await Promise.all(halves.map((paths, index) => tested(paths, index === 0 ? bun : afterwards)))
  ).reduce(sum)
}

const tested = async (args: ReadonlyArray<string>, run: typeof bun): Promise<Tally> => {
  const folder = await mkdtemp(join(tmpdir(), "hub-junit-"))
  const report = join(folder, "junit.xml")
  try {
    const reporting = ["--reporter=junit", `--reporter-outfile=${report}`]
    const code = await run("test", `--timeout=${limit}`, ...reporting, ...args)
    return tally(existsSync(report) ? await Bun.file(report).text() : "", code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Like `bun`, but what it prints comes in one piece at its end. */
const afterwards: typeof bun = async (...args) => {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  process.stdout.write(out)
  process.stderr.write(err)
  return child.exited
}

const result = await main()
console.log(line(result))
process.exitCode = result.failed > 0 ? 1 : 0
