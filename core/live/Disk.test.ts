import { expect } from "bun:test"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import { replacing } from "../testing/replacing.ts"
import * as Disk from "./Disk.ts"

live(
  "a link leads to its file at every moment while a program renames others into its place",
  Layer.empty,
  Effect.gen(function* () {
    const { file, link } = yield* replacing(yield* tempHome)
    yield* Effect.promise(async () => {
      for (let times = 0; times < 20_000; times++)
        for (const path of [file, link]) expect(await Disk.real(path)).toBe(file)
    })
  }),
)
