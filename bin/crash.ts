/** `npm run crash [ROUNDS]`: kills the hub at random moments under load, 200 times unless told. What `npm test` does in small. */
import { ensureBuilt } from "./binary.ts"
import { root } from "./bun.ts"

const test = async (rounds: string): Promise<number> => {
  const child = Bun.spawn([process.execPath, "test", "--timeout=30000", "tests/crash"], {
    cwd: root,
    env: { ...process.env, HUB_CRASH_ROUNDS: rounds },
    stdio: ["inherit", "inherit", "inherit"],
  })
  return child.exited
}

process.exitCode = (await ensureBuilt()) ? await test(Bun.argv[2] ?? "200") : 1
