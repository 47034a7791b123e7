/** The official conformance suites, run against a server, and what came of each of their scenarios. */
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

export interface Suite {
  readonly name: string
  /** Package, and arguments that choose the scenarios. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** Scenarios there are at least: a suite that runs fewer has not run. */
  readonly least: number
}

const now = "@modelcontextprotocol/conformance"
const next = "conformance-next"

export const suites: ReadonlyArray<Suite> = [
  { name: "0.1.16, all", program: now, args: ["--suite", "all"], least: 32 },
  { name: "2025-11-25", program: next, args: ["--requirements", "2025-11-25"], least: 33 },
  { name: "2026-07-28", program: next, args: ["--requirements", "2026-07-28"], least: 50 },
]

export interface Scenario {
  readonly name: string
  readonly passed: number
  /** What each failed check said. */
  readonly failed: ReadonlyArray<string>
  readonly warned: ReadonlyArray<string>
}

interface Check {
  readonly id: string
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO"
  readonly errorMessage?: string
}

const root = resolve(import.meta.dir, "../..")

/** Scenarios by name. Throws when the suite itself does not run. */
export const runSuite = async (suite: Suite, url: string): Promise<ReadonlyArray<Scenario>> => {
  const folder = await mkdtemp(join(tmpdir(), "hub-conformance-"))
  try {
    const program = join(root, "node_modules", suite.program, "dist/index.js")
    const to = ["server", "--url", `${url}/mcp`, "-o", folder]
    const child = Bun.spawn([process.execPath, program, ...to, ...suite.args], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    })
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    await child.exited
    const scenarios = await results(folder)
    if (scenarios.length >= suite.least) return scenarios
    throw new Error(
      `${suite.name}: ${scenarios.length} scenarios instead of ${suite.least}\n${(out + err).slice(-2_000)}`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A folder for each scenario: `server-ping-2026-11-21T11-32-43-003Z`. */
const results = async (folder: string): Promise<ReadonlyArray<Scenario>> => {
  const folders = (await readdir(folder)).sort()
  return Promise.all(
    folders.map(async (one) => {
      const name = one.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "")
      return scenarioOf(name, (await Bun.file(join(folder, one, "checks.json")).json()) as Array<Check>)
    }),
  )
}

const scenarioOf = (name: string, checks: ReadonlyArray<Check>): Scenario => ({
  name,
  passed: checks.filter(({ status }) => status === "SUCCESS").length,
  failed: said(checks, "FAILURE"),
  warned: said(checks, "WARNING"),
})

const said = (checks: ReadonlyArray<Check>, status: Check["status"]): ReadonlyArray<string> =>
  checks.filter((one) => one.status === status).map(({ errorMessage = "", id }) => `${id}: ${errorMessage}`)
