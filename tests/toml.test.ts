/** Each TOML file that we ship or write reads the same in a second, independent parser. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import iarna from "@iarna/toml"
import { parse } from "smol-toml"
import { ensureBuilt } from "../bin/binary.ts"
import { root } from "../bin/bun.ts"
import { fences } from "../core/edge/extras/Fences.ts"
import { type Home, makeHome, run } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

/** Dates as their time, and tables without a prototype as plain ones. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const same = (text: string): void => {
  const ours = plain(parse(text))
  expect(plain(iarna.parse(text))).toEqual(ours)
  expect(Object.keys(ours as object).length).toBeGreaterThan(0)
}

const glob = (pattern: string, folder: string): ReadonlyArray<string> =>
  [...new Bun.Glob(pattern).scanSync({ cwd: folder, dot: true })].sort()

describe("what is in the repository", () => {
  const files = ["plugins.toml", "bunfig.toml", ...glob("{pipelines,plugins,docs}/**/*.toml", root)]

  test("is found", () => {
    expect(files.filter((file) => file.startsWith("pipelines/")).length).toBeGreaterThanOrEqual(4)
    expect(files.filter((file) => file.endsWith("/sample.toml")).length).toBeGreaterThanOrEqual(1)
  })

  test.each(files)("%s", (file) => same(fs.readFileSync(path.join(root, file), "utf8")))

  const pages = ["README.md", ...glob("{docs,plugins,core}/**/*.md", root)].filter((page) =>
    fs.existsSync(path.join(root, page)),
  )
  test.each(pages)("the fences of %s", (page) => {
    for (const { text } of fences(fs.readFileSync(path.join(root, page), "utf8")))
      if (text.trim() !== "") expect(plain(iarna.parse(text))).toEqual(plain(parse(text)))
  })
})

describe("what hub writes", () => {
  let home: Home

  beforeAll(async () => {
    expect(await ensureBuilt()).toBe(true)
    home = makeHome()
  })

  afterAll(() => home.remove())

  test("hub init", async () => {
    expect((await run(home, ["init"])).code).toBe(0)
    const written = glob("**/*.toml", path.join(home.path, "hub"))
    expect(written).toContain("plugins.toml")
    for (const file of written) {
      const text = fs.readFileSync(path.join(home.path, "hub", file), "utf8")
      expect(plain(iarna.parse(text))).toEqual(plain(parse(text)))
    }
    // What stands in comments is there to be used: it must read as well.
    const uncommented = written
      .map((file) => fs.readFileSync(path.join(home.path, "hub", file), "utf8"))
      .map((text) => text.replace(/^# ?(?=\[|\w+ = )/gm, ""))
    for (const text of uncommented) expect(plain(iarna.parse(text))).toEqual(plain(parse(text)))
    expect((await run(home, ["check"])).code).toBe(0)
  })

  for (const name of ["agent-probe", "sink-probe", "step-probe"])
    test(`hub plugin new ${name}`, async () => {
      const made = await run(home, ["plugin", "new", name])
      expect(made.code).toBe(0)
      const written = glob(`**/${name}/**/*.toml`, home.path)
      expect(written.length).toBeGreaterThan(0)
      for (const file of written) same(fs.readFileSync(path.join(home.path, file), "utf8"))
    })
})
