import { expect, test } from "bun:test"
import { waitIn } from "./Wait.ts"

test.each([
  ["Please try again in 2s.", 2000],
  ["Limit 3. Please try again in 1h6m0.5s. See", 3_960_500],
  ["Please retry in 59.3s.", 59_300],
  ["Retrying after 350ms", 350],
  ["retry after 20 seconds", 20_000],
  ["try again in 2 minutes", 120_000],
  ["try again in 6m0s", 360_000],
  ["try again at 10:08 PM", undefined],
  ["try again later", undefined],
  ["in 5 s", undefined],
])("%s", (text, wait) => {
  expect(waitIn(text)).toBe(wait as number)
})
