/** The time limit of one test. Tests against real programs need more than Bun's 5 seconds on a busy machine. */
import { setDefaultTimeout } from "bun:test"

setDefaultTimeout(30_000)
