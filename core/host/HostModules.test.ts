/** The hub's own modules, as a plugin's file finds them in a hub that runs from source. */
import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const names = ["hub/plugin", "hub/testing", "effect", "effect/Effect", "effect/testing"]

/** Asks in a process of its own: what is registered stays so until its end. */
const script = `
import * as HostModules from ${JSON.stringify(join(import.meta.dir, "HostModules.ts"))}
HostModules.register({ "hub/testing": () => import(${JSON.stringify(join(import.meta.dir, "../testing/api.ts"))}) })
const found = {}
for (const name of ${JSON.stringify(names)}) found[name] = Object.keys(await import(name)).sort()
console.log(JSON.stringify(found))
`

test("each is there under its name, with all that it has", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hub-modules-"))
  try {
    writeFileSync(join(folder, "ask.ts"), script)
    const child = Bun.spawn([process.execPath, join(folder, "ask.ts")], { stdout: "pipe", stderr: "pipe" })
    const [said, wrong] = await Promise.all([child.stdout.text(), child.stderr.text()])
    expect(wrong).toBe("")
    expect(JSON.parse(said)).toEqual({
      "hub/plugin": exports(await import("../plugin/api.ts")),
      "hub/testing": exports(await import("../testing/api.ts")),
      effect: exports(await import("effect")),
      "effect/Effect": exports(await import("effect/Effect")),
      "effect/testing": exports(await import("effect/testing")),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const exports = (module: object): ReadonlyArray<string> => Object.keys(module).toSorted()
