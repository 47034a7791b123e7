import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import * as Disk from "./Disk.ts"

/** Says that it has begun, then goes on until it is ended. */
const replacing = `
const { renameSync, writeFileSync } = require("node:fs")
const [, beside, file] = process.argv
for (let times = 0; ; times++) {
  writeFileSync(beside, String(times))
  renameSync(beside, file)
  if (times === 0) console.log("on")
}`

live(
  "a link leads to its file at every moment while a program renames others into its place",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const [file, link] = [`${home}/file`, `${home}/link`]
    fs.writeFileSync(file, "")
    fs.symlinkSync("file", link)
    const args = ["-e", replacing, `${home}/beside`, file]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => Bun.spawn([process.execPath, ...args], { stdout: "pipe" })),
      (child) =>
        Effect.promise(() => {
          child.kill("SIGKILL")
          return child.exited
        }),
    )
    yield* Effect.promise(() => child.stdout.getReader().read())
    yield* Effect.promise(async () => {
      for (let times = 0; times < 20_000; times++)
        for (const path of [file, link]) expect(await Disk.real(path)).toBe(file)
    })
  }),
)
