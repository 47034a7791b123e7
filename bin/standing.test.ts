import { expect } from "bun:test"
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Fiber, Layer } from "effect"
import { live, tempHome } from "../core/testing/effect.ts"
import { gone, remembered } from "./standing.ts"

const furnished = Effect.gen(function* () {
  const folder = join(yield* tempHome, "home")
  const file = join(folder, "hub.sock")
  mkdirSync(folder)
  writeFileSync(file, "")
  return { folder, file }
})

const endings: Readonly<Record<string, (folder: string, file: string) => void>> = {
  "its folder is removed": (folder) => rmSync(folder, { recursive: true }),
  "one of the files is removed": (_, file) => rmSync(file),
  "another file takes the place of one": (folder, file) => {
    writeFileSync(join(folder, "other"), "")
    renameSync(join(folder, "other"), file)
  },
}

for (const [name, end] of Object.entries(endings))
  live(
    `is told when ${name}`,
    Layer.empty,
    Effect.gen(function* () {
      const { file, folder } = yield* furnished
      const fiber = yield* Effect.forkChild(gone(folder, [file]), { startImmediately: true })
      end(folder, file)
      yield* Fiber.join(fiber)
    }),
  )

live(
  "is told at once when one was never there, or the folder is gone already",
  Layer.empty,
  Effect.gen(function* () {
    const { folder } = yield* furnished
    yield* gone(folder, [join(folder, "missing")])
    yield* gone(join(folder, "missing"), [])
  }),
)

live(
  "a folder made anew is another one",
  Layer.empty,
  Effect.gen(function* () {
    const { folder } = yield* furnished
    const isSame = remembered(folder)
    expect(isSame()).toBe(true)
    renameSync(folder, `${folder}-old`)
    mkdirSync(folder)
    expect(isSame()).toBe(false)
  }),
)
