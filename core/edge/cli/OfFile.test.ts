import { afterEach, describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, hub, removeFolders } from "../fixtures/program.ts"

afterEach(removeFolders)

describe("files that a person names", () => {
  test("lint reads them here, and says file and line; a wrong file is exit code 2", async () => {
    const cwd = folder()
    writeFileSync(join(cwd, "good.toml"), "run = []")
    writeFileSync(join(cwd, "bad file.toml"), "wrong")
    expect(await hub(["pipeline", "lint", "good.toml"], { cwd })).toMatchObject({
      code: 0,
      out: "No errors.\n",
    })
    const bad = await hub(["pipeline", "lint", "good.toml", "./bad file.toml"], { cwd })
    expect([bad.code, bad.out]).toEqual([
      2,
      './bad file.toml:3:1  step.a: no step "b"\n1 error, 0 warnings\n',
    ])
    for (const [name, why] of [
      ["none.toml", "there is no such file"],
      [".", "it is a folder"],
      ["/dev/zero", "it is no file"],
    ] as const) {
      const args = name === "." ? ["pipeline", "lint", "./"] : ["pipeline", "lint", name]
      expect((await hub(args, { cwd })).err).toContain(why)
    }
  })
})
