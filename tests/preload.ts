/** The time limit of one test, where files are run one by one; `bin/test.ts` sets it for all of them. Tests against real programs need more than Bun's 5 seconds on a busy machine. */
import { setDefaultTimeout } from "bun:test"

setDefaultTimeout(30_000)
