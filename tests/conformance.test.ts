/** TOML that we ship or show reads the same in a second, independent library, which knows TOML 1.0 only. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as iarna from "@iarna/toml"
import * as smol from "smol-toml"
import { fences, pages, root } from "./support/markdown.ts"

const files = ["plugins.toml", "pipelines/*.toml", "plugins/*/sample.toml", "docs/examples/**/*.toml"]
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root })])
  .map((file) => [file, readFileSync(join(root, file), "utf8")] as const)

const shown = pages.flatMap((page) =>
  fences(page, "toml").map(({ text }, index) => [`${page.file}, fence ${index + 1}`, text] as const),
)

/** Without what only one of them adds: prototypes, symbols, its own kind of date. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test("there is something to compare", () => {
  expect(files.length).toBeGreaterThan(7)
  expect(shown.length).toBeGreaterThan(15)
})

test.each([...files, ...shown])("%s", (_, text) => {
  expect(plain(iarna.parse(text))).toEqual(plain(smol.parse(text)))
})
