import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { failures } from "./failures.ts"

test("names each failed test with its file and its error, as Bun prints them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hub-failures-"))
  const source = `import { expect, test } from "bun:test"
    test("fine", () => {})
    test("wrong", () => { console.log("a word of it"); expect(1).toBe(2) })
    test("fine again", () => {})
    test("thrown", () => { throw new Error("what broke") })`
  try {
    await Bun.write(join(folder, "some.test.ts"), source)
    const { stderr, stdout } = Bun.spawnSync([process.execPath, "test"], {
      cwd: folder,
      env: { ...process.env, FORCE_COLOR: undefined },
    })
    const found = failures(`${stdout}${stderr}`)
    expect(found).toHaveLength(2)
    expect(found[0]).toContain("some.test.ts:")
    expect(found[0]).toContain("expect(received).toBe(expected)")
    expect(found[0]).toContain("(fail) wrong")
    expect(found[0]).not.toContain("(pass)")
    expect(found[1]).toContain("what broke")
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test("keeps the end of a long one", () => {
  const long = ["a.test.ts:", ...Array.from({ length: 500 }, (_, index) => `line ${index}`), "(fail) long"]
  const [found] = failures(long.join("\n"))
  expect(found?.split("\n").slice(0, 2)).toEqual(["a.test.ts:", "line 421"])
  expect(found).toEndWith("line 499\n(fail) long")
})

test("finds none where all passed or nothing ran", () => {
  expect(failures("")).toEqual([])
  expect(failures("a.test.ts:\n(pass) one\n(skip) two\n")).toEqual([])
  expect(failures("a.test.ts:\n(pass) one\n\n2 tests failed:\n(fail) told before\n")).toEqual([])
})
