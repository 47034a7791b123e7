import { expect, test } from "bun:test"
import * as fc from "fast-check"
import * as Payload from "./Payload.ts"

const same = (text: string) => text
const keep = (data: Record<string, unknown>) => Payload.fit(data, same).data

test("any value becomes JSON within the limit that reads as what is given back", () => {
  fc.assert(
    fc.property(
      fc.object({
        maxDepth: 6,
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
      fc.integer({ min: 100, max: 16_384 }),
      (data, room) => {
        const { data: kept, json } = Payload.fit(data, same, room)
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(room)
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(kept)))
      },
    ),
  )
})

test("a small value is kept as it is", () => {
  const data = { text: "é".repeat(4_000), deep: [{ a: 1, b: null, c: [true] }] }
  expect(keep(data)).toEqual(data)
})

test("a long text is cut to 4,000 characters and says how many are missing", () => {
  const { text } = keep({ text: "x".repeat(1_000_000) }) as { text: string }
  expect(text.length).toBe(4_000)
  expect(text).toEndWith("… [996000 more characters]")
})

test("the largest parts are cut, small ones beside them stay whole", () => {
  const large = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`part${n}`, "y".repeat(3_900)]))
  const kept = keep({ ...large, code: 7, note: "small" })
  expect(kept).toMatchObject({ code: 7, note: "small" })
  for (const name of Object.keys(large)) expect(kept[name]).toContain("yyy")
})

test("nothing a value does is fatal: circles, depth, throwing getters, functions, numbers JSON lacks", () => {
  const circle: Record<string, unknown> = { n: 1 }
  circle["self"] = circle
  expect(JSON.stringify(keep(circle))).toContain("too deep to keep")
  expect(
    keep({
      get bad() {
        throw new Error("no")
      },
      run: () => 1,
      none: undefined,
      many: 12n,
      nan: NaN,
      when: new Date(0),
      error: new TypeError("bad"),
    }),
  ).toEqual({
    bad: "[unreadable]",
    many: "12",
    nan: "NaN",
    when: "1970-01-01T00:00:00.000Z",
    error: "TypeError: bad",
  })
  expect(keep({ wide: Array(1_000_000).fill(1) })).toMatchObject({ wide: expect.arrayContaining([1]) })
})

test("half a pair at the cut is dropped, not stored", () => {
  const { text } = keep({ text: "x" + "😀".repeat(5_000) }) as { text: string }
  expect(text.isWellFormed()).toBe(true)
})

test("a secret behind the cut is not looked for, one before it is taken out whole", () => {
  const redact = (text: string) => text.replaceAll("SECRET", "[redacted]")
  const { text } = Payload.fit({ text: `${"x".repeat(3_990)}SECRET${"y".repeat(5_000)}` }, redact).data as {
    text: string
  }
  expect(text).not.toContain("SEC")
})
