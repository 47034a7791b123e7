/** `npm run crash [ROUNDS]`: kills the hub at random moments under load, 200 times unless told. What `npm test` does in small. */
import { ensureBuilt } from "./binary.ts"
import { bun } from "./bun.ts"

process.env["HUB_CRASH_ROUNDS"] = Bun.argv[2] ?? "200"
process.exitCode = (await ensureBuilt()) ? await bun("test", "tests/crash") : 1
