import { expect, test } from "bun:test"
import * as fc from "fast-check"
import * as Lines from "./Lines.ts"

/** Fed in pieces that end at the given places. */
const read = (bytes: Uint8Array, ends: ReadonlyArray<number>, max_bytes = 1_000_000) => {
  const lines = Lines.make(max_bytes)
  const cuts = [0, ...[...ends].sort((a, b) => a - b), bytes.length]
  const fed = cuts.slice(1).flatMap((end, i) => lines.feed(bytes.subarray(cuts[i], end)))
  return [...fed, ...lines.rest()]
}
const texts = (text: string, ends: ReadonlyArray<number> = []) =>
  read(Buffer.from(text), ends).map((line) => line.text)

test("a line ends at \\n, \\r\\n and \\r; the last needs no end", () => {
  expect(texts("a\nb\r\nc\rd")).toEqual(["a", "b", "c", "d"])
  expect(texts("\n\r\n\r\r")).toEqual(["", "", "", ""])
  expect(texts("")).toEqual([])
  expect(texts("a\r")).toEqual(["a"])
})

test("where a piece ends makes no difference", () => {
  const text = fc.array(fc.constantFrom("a", "é", "😀", "\r", "\n", "\r\n", "\0", "\uFEFF"), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(text, fc.array(fc.nat(160)), (parts, ends) => {
      const bytes = Buffer.from(parts.join(""))
      const within = ends.map((end) => Math.min(end, bytes.length))
      const expected = parts.join("").split(/\r\n|\r|\n/)
      if (expected.at(-1) === "") expected.pop()
      expect(read(bytes, within).map((line) => line.text)).toEqual(expected)
    }),
  )
})

test("bytes that are no UTF-8 read as U+FFFD and swallow no line end", () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x82, 0x0a, 0x00, 0x0a, 0xf0, 0x9f])
  for (let end = 0; end <= bytes.length; end++)
    expect(read(bytes, [end]).map((line) => line.text)).toEqual(["a\uFFFD", "\uFFFD", "\0", "\uFFFD"])
})

test("a long line is cut between characters, wherever the pieces end, and the next one is whole", () => {
  const bytes = Buffer.from("aé😀bcdef\nshort\n12345678\n123456789")
  for (let end = 0; end <= bytes.length; end++)
    expect(read(bytes, [end], 8)).toEqual([
      { text: "aé😀b", cut: true },
      { text: "short", cut: false },
      { text: "12345678", cut: false },
      { text: "12345678", cut: true },
    ])
  expect(read(Buffer.from("aé😀\n"), [], 6)).toEqual([{ text: "aé", cut: true }])
})

test("after a jump the piece of a line that is come upon is left out", () => {
  const lines = Lines.make(100)
  expect(lines.feed(Buffer.from("one\ntw"))).toEqual([{ text: "one", cut: false }])
  lines.jump()
  expect(lines.feed(Buffer.from("ddle of one"))).toEqual([])
  expect(lines.feed(Buffer.from("\nnext\nla"))).toEqual([{ text: "next", cut: false }])
  expect(lines.rest()).toEqual([{ text: "la", cut: false }])
})

test("after a jump into the last line its end is given as cut, from a whole character on", () => {
  for (const last of ["", "\n"]) {
    const lines = Lines.make(8)
    lines.feed(Buffer.from("begi"))
    lines.jump()
    const fed = [[0x98, 0x80, 0x65, 0x6e], ...[...Buffer.from(`d${last}`)].map((byte) => [byte])]
    expect(fed.flatMap((bytes) => lines.feed(Buffer.from(bytes)))).toEqual([])
    expect(lines.rest()).toEqual([{ text: "end", cut: true }])
    expect(lines.rest()).toEqual([])
  }
})
