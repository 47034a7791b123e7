import { expect } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../testing/effect.ts"
import * as RunId from "./RunId.ts"

effect(
  "an id is the day and eight letters that are hard to misread",
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 10, 21, 23, 59))
    const ids = yield* Effect.forEach(Array.from({ length: 1000 }), () => RunId.next)
    for (const id of ids) expect(id).toMatch(/^261121-[2-9a-hjkmnp-z]{8}$/)
    expect(new Set(ids).size).toBe(1000)
    expect(new Set(ids.join("").replaceAll("261121-", "")).size).toBe(30)
  }),
)
