import { expect, test } from "bun:test"
import { momentOf } from "./Moment.ts"

const now = Date.parse("2030-01-15T12:00:00Z")
const at = (text: string, side: "after" | "before" = "after") => {
  const found = momentOf(text, side, now)
  return found === undefined ? undefined : new Date(found).toISOString()
}

test("a distance counts from now, to the side that is meant", () => {
  expect(at("30d")).toBe("2030-02-14T12:00:00.000Z")
  expect(at("90 s")).toBe("2030-01-15T12:01:30.000Z")
  expect(at("2 weeks")).toBe("2030-01-29T12:00:00.000Z")
  expect(at("10m", "before")).toBe("2030-01-15T11:50:00.000Z")
  expect(at("12h", "before")).toBe("2030-01-15T00:00:00.000Z")
})

test("a date is its first moment in UTC, on either side", () => {
  for (const side of ["after", "before"] as const) {
    expect(at("2031-12-31", side)).toBe("2031-12-31T00:00:00.000Z")
    expect(at("2031-12-31T08:30:00+02:00", side)).toBe("2031-12-31T06:30:00.000Z")
  }
})

test("anything else is neither", () => {
  for (const text of ["", "soon", "30", "d", "1y", "2031-13-01", "2031-02-31x", "Infinity", "99999999w", "-"])
    expect(at(text)).toBeUndefined()
})
