/** The hub as its clients' authors test servers: the official suites, against the built daemon. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ensureBuilt } from "../../bin/binary.ts"
import type { Daemon } from "../support/serve.ts"
import { startDaemon } from "./daemon.ts"
import { runSuite, suites } from "./suites.ts"

let daemon: Daemon

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  daemon = await startDaemon()
}, 120_000)

afterAll(() => daemon.stop())

test.each(suites.map((suite) => [suite.name, suite] as const))(
  "no scenario fails: %s",
  async (_, suite) => {
    const scenarios = await runSuite(suite, daemon.url)
    const failed = scenarios.flatMap(({ failed, name }) => failed.map((why) => `${name}: ${why}`))
    expect(failed).toEqual([])
  },
  60_000,
)
