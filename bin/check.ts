/** Runs every check that is not a test, side by side, and says which hold. Names as arguments choose: `check types lint`. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { root } from "./bun.ts"

const tool = (name: string): string => join(root, "node_modules", ".bin", name)

const checks: Readonly<Record<string, ReadonlyArray<string>>> = {
  types: [tool("tsc"), "--noEmit", "--project", "tsconfig.json"],
  effect: [
    tool("effect-tsgo"),
    "diagnostics",
    "--project",
    "tsconfig.json",
    "--format",
    "text",
    "--severity",
    "error,warning",
    "--strict",
  ],
  lint: [tool("oxlint"), "--deny-warnings"],
  format: [tool("oxfmt"), "--check"],
  unused: [tool("knip"), "--no-config-hints"],
  ...(existsSync(join(root, "bin/generate.ts")) ? { generated: ["bin/generate.ts", "--check"] } : {}),
}

const run = async (name: string, command: ReadonlyArray<string>): Promise<boolean> => {
  const start = performance.now()
  const child = Bun.spawn([process.execPath, "--bun", ...command], {
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(
    `${code === 0 ? "ok    " : "FAILED"}  ${name}  ${seconds} s${code === 0 ? "" : `\n${out}${err}`.trimEnd()}`,
  )
  return code === 0
}

const chosen = Bun.argv.slice(2)
const unknown = chosen.filter((name) => checks[name] === undefined)
if (unknown.length > 0) {
  console.error(`hub: no check ${unknown.join(", ")}. Known: ${Object.keys(checks).join(", ")}`)
  process.exit(2)
}
const wanted = Object.entries(checks).filter(([name]) => chosen.length === 0 || chosen.includes(name))
const held = await Promise.all(wanted.map(([name, command]) => run(name, command)))
const failed = held.filter((ok) => !ok).length
console.log(failed === 0 ? `all ${held.length} checks hold` : `${failed} of ${held.length} checks failed`)
process.exitCode = failed === 0 ? 0 : 1
