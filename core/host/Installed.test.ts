import { expect } from "bun:test"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import { look } from "./Installed.ts"

live(
  "the version stands in the npm package around the program, behind its link",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const folder = join(home, "lib/node_modules/@acme/cli")
    mkdirSync(join(folder, "dist"), { recursive: true })
    mkdirSync(join(home, "bin"))
    writeFileSync(join(folder, "package.json"), '{"name":"@acme/cli","version":"2.4.1"}')
    writeFileSync(join(folder, "dist/cli.js"), "")
    symlinkSync(join(folder, "dist/cli.js"), join(home, "bin/acme"))
    expect(yield* look.packaged(join(home, "bin/acme"))).toBe("2.4.1")
  }),
)

live(
  "a package.json that is none, is too large, or stands around no package tells nothing",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const folder = join(home, "node_modules/acme")
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(home, "package.json"), '{"name":"mine","version":"1.0.0"}')
    const acme = join(folder, "acme")
    expect(yield* look.packaged(join(home, "acme"))).toBeUndefined()
    for (const text of ["{", "{}", `{"name":"acme","version":"1.0.0","x":"${"x".repeat(300_000)}"}`]) {
      writeFileSync(join(folder, "package.json"), text)
      expect(yield* look.packaged(acme)).toBeUndefined()
    }
  }),
)

live(
  "what stands in the environment is told as it is",
  Layer.empty,
  Effect.gen(function* () {
    expect(look.env("PATH")).toBe(process.env["PATH"])
    expect(look.env("HUB_TEST_NO_SUCH_NAME")).toBeUndefined()
    expect([yield* look.exists("/bin/sh"), yield* look.exists("/no/such/file")]).toEqual([true, false])
  }),
)
