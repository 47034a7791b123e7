import { expect, test } from "bun:test"
import { difference } from "./Difference.ts"

test("whole lines, from the first that differs to the last", () => {
  expect(difference("a\n", "a\n")).toEqual([])
  expect(difference("", "x\ny\n")).toEqual(["line 1:", "+x", "+y"])
  expect(difference("{\r\n  1\r\n}\r\n", "{\r\n  1,\r\n  2\r\n}\r\n")).toEqual([
    "line 2:",
    "-  1",
    "+  1,",
    "+  2",
  ])
  expect(difference("x\n", "a\nx\n")).toEqual(["line 1:", "+a"])
  expect(difference("a\nb\nc\n", "a\nc\n")).toEqual(["line 2:", "-b"])
})

test("of a file that is one line, what is different and a little around it", () => {
  const [head, tail] = [`{"secret":"${"s".repeat(500)}",`, `"end":"${"e".repeat(500)}"}`]
  const [, gone = "", come = ""] = difference(head + tail, `${head}"hub":1,${tail}`)
  expect(come).toContain('"hub":1')
  for (const line of [gone, come]) expect(line.length).toBeLessThan(150)
})
