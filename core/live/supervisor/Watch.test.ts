import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../../testing/effect.ts"
import * as Watch from "./Watch.ts"

live(
  "each change wakes who waits, also one that comes right behind another",
  Layer.empty,
  Effect.gen(function* () {
    const dir = yield* tempHome
    fs.writeFileSync(`${dir}/out`, "")
    const { wait } = yield* Watch.folder(dir)
    // No two are further apart than it takes to wake up.
    for (let n = 0; n < 100; n++) {
      fs.appendFileSync(`${dir}/out`, "x")
      yield* wait
    }
    expect(fs.statSync(`${dir}/out`).size).toBe(100)
  }),
)
