/**
 * Builds what is out of date, runs the tests, and says as its very last line how many passed.
 *
 * Arguments go to `bun test`: `npm test -- core/toml`.
 */
import { existsSync, statSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const root = join(import.meta.dir, "..")
const binary = join(root, "dist", process.platform === "win32" ? "hub.exe" : "hub")

const main = async (): Promise<Count> => {
  if (isStale() && (await bun("bin/build.ts")) !== 0) return { passed: 0, failed: 1, skipped: 0 }
  const folder = await mkdtemp(join(tmpdir(), "hub-test-"))
  const report = join(folder, "junit.xml")
  try {
    const code = await bun(
      "test",
      "--timeout=30000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...Bun.argv.slice(2),
    )
    return countOf(existsSync(report) ? await Bun.file(report).text() : "", code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const bun = (...args: ReadonlyArray<string>): Promise<number> =>
  Bun.spawn([process.execPath, ...args], { cwd: root, stdio: ["inherit", "inherit", "inherit"] }).exited

/** The binary is missing, or older than something that it is made of. */
const isStale = (): boolean => {
  if (!existsSync(binary)) return true
  const built = statSync(binary).mtimeMs
  const sources = new Bun.Glob("{bin,core,plugins,pipelines,docs}/**/*").scanSync({
    cwd: root,
    onlyFiles: true,
  })
  return ["package.json", "bun.lock", "plugins.toml", ...sources].some((path) => changedSince(path, built))
}

const changedSince = (path: string, time: number): boolean =>
  !path.endsWith(".test.ts") && (statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > time

/** A run that ended badly without a failed test has failed once: no test found, or a test that ended the runner. */
const countOf = (report: string, code: number): Count => {
  const head = /<testsuites [^>]*>/.exec(report)?.[0] ?? ""
  const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const [tests, failures, skipped] = [number("tests"), number("failures"), number("skipped")]
  const passed = tests - failures - skipped
  const isEmpty = passed + failures === 0
  return { passed, failed: failures === 0 && (code !== 0 || isEmpty) ? 1 : failures, skipped }
}

const { failed, passed, skipped } = await main()
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
process.exitCode = failed > 0 ? 1 : 0
