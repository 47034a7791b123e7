/** `npm run conformance`: the official MCP suites against the built daemon, as a table. Exit code 1 when a check fails. */
import { startDaemon } from "../tests/conformance/daemon.ts"
import { runSuite, type Scenario, type Suite, suites } from "../tests/conformance/suites.ts"
import { ensureBuilt } from "./binary.ts"

const row = ({ failed, name, passed, warned }: Scenario): string => {
  const counts = `${passed} passed, ${failed.length} failed${warned.length === 0 ? "" : `, ${warned.length} warned`}`
  const why = [...failed.map((one) => `      ✗ ${one}`), ...warned.map((one) => `      ! ${one}`)]
  return [`  ${failed.length === 0 ? "✓" : "✗"} ${name.padEnd(48)} ${counts}`, ...why].join("\n")
}

const total = (scenarios: ReadonlyArray<Scenario>) => ({
  passed: scenarios.reduce((sum, { passed }) => sum + passed, 0),
  failed: scenarios.reduce((sum, { failed }) => sum + failed.length, 0),
})

const show = async (suite: Suite, url: string): Promise<number> => {
  const scenarios = await runSuite(suite, url)
  const { failed, passed } = total(scenarios)
  console.log(`${suite.name}: ${scenarios.length} scenarios, ${passed} checks passed, ${failed} failed`)
  console.log(`${scenarios.map(row).join("\n")}\n`)
  return failed
}

const main = async (): Promise<number> => {
  if (!(await ensureBuilt())) return 1
  const daemon = await startDaemon()
  try {
    let failed = 0
    for (const suite of suites) failed += await show(suite, daemon.url)
    return failed === 0 ? 0 : 1
  } finally {
    await daemon.stop()
  }
}

process.exitCode = await main()
