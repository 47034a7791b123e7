import { expect } from "bun:test"
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import { replacing } from "../testing/replacing.ts"
import * as RealPath from "./RealPath.ts"

live(
  "a path leads through all links to what stands there, or would",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const at = (name: string) => join(home, name)
    mkdirSync(at("real/sub"), { recursive: true })
    writeFileSync(at("real/file"), "")
    symlinkSync("real", at("folder"))
    symlinkSync("folder/sub/../file", at("file"))
    symlinkSync(at("file"), at("real/sub/back"))
    symlinkSync("folder/none", at("dangling"))
    symlinkSync("circle", at("circle"))
    for (const name of ["real/file", "folder", "folder/", "folder/file", "file", "folder/sub/back"])
      expect([name, RealPath.of(at(name))]).toEqual([name, realpathSync(at(name))])
    expect(RealPath.of(at("dangling"))).toBe(at("real/none"))
    expect(RealPath.of(at("folder/no/thing"))).toBe(at("real/no/thing"))
    expect(() => RealPath.of(at("circle"))).toThrow("circle")
  }),
)

live(
  "a file is found at every moment while a program renames others into its place",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const { file, link } = yield* replacing(home)
    for (let times = 0; times < 5_000; times++)
      for (const path of [file, link]) expect(RealPath.of(path)).toBe(file)
  }),
)
