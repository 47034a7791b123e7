/** What holds for every test file: its time limit, and what the tried documents are made up from. */
import { setDefaultTimeout } from "bun:test"
import { configureGlobal } from "fast-check"

// Where files are run one by one; `bin/test.ts` sets it for all of them. Tests against real programs need more than Bun's 5 seconds
// on a busy machine.
setDefaultTimeout(30_000)

// What is made up is the same each time, so that a red test is red again. Another number tries others.
configureGlobal({ seed: Number(process.env["HUB_TEST_SEED"] ?? 20_261_121) })
