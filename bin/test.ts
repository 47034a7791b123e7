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
import { failures } from "./failures.ts"
import { line, sum, tally, type Tally } from "./tally.ts"

/** Milliseconds of one test. Bun forgets what the preload sets after the first file. */
const limit = 30_000

/** Most of the time is waiting for programs, so the tests of the built program run beside those of the code. */
const halves = [["./tests"], ["./bin", "./core", "./docs", "./plugins"]]

interface Ran {
  readonly code: number
  /** What was printed; empty where it went straight to the terminal. */
  readonly output: string
}

type Run = (...args: ReadonlyArray<string>) => Promise<Ran>

const main = async (): Promise<Tally> => {
  if (!(await ensureBuilt())) return { passed: 0, failed: 1, skipped: 0 }
  const wanted = Bun.argv.slice(2)
  if (wanted.length > 0) return (await tested(wanted, shown)).came
  const results = await Promise.all(halves.map((paths, index) => tested(paths, collected(index === 0))))
  for (const failed of results.flatMap(({ ran }) => failures(ran.output))) console.log(`\n${failed}`)
  return results.map(({ came }) => came).reduce(sum)
}

const tested = async (args: ReadonlyArray<string>, run: Run): Promise<{ came: Tally; ran: Ran }> => {
  const folder = await mkdtemp(join(tmpdir(), "hub-junit-"))
  const report = join(folder, "junit.xml")
  try {
    const reporting = ["--reporter=junit", `--reporter-outfile=${report}`]
    const ran = await run("test", `--timeout=${limit}`, ...reporting, ...args)
    return { came: tally(existsSync(report) ? await Bun.file(report).text() : "", ran.code), ran }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const shown: Run = async (...args) => ({ code: await bun(...args), output: "" })

/** Collects what is printed. The first of several shows it as it comes, the others at their end, so that they do not mix. */
const collected =
  (isLive: boolean): Run =>
  async (...args) => {
    const child = Bun.spawn([process.execPath, ...args], {
      cwd: root,
      // In colours Bun marks what failed by another word.
      env: { ...process.env, FORCE_COLOR: undefined },
      stdin: "ignore",
      stdout: isLive ? "inherit" : "pipe",
      stderr: "pipe",
    })
    const [out, output] = await Promise.all([text(child.stdout, false), text(child.stderr, isLive)])
    if (!isLive) process.stderr.write(`${out}${output}`)
    return { code: await child.exited, output }
  }

const text = async (from: ReadableStream<Uint8Array> | undefined, isLive: boolean): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of from ?? []) {
    chunks.push(chunk)
    if (isLive) process.stderr.write(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const result = await main()
console.log(line(result))
process.exitCode = result.failed > 0 ? 1 : 0
