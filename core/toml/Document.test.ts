import { expect, test } from "bun:test"
import { Effect } from "effect"
import { parse, type TomlSyntax } from "./Toml.ts"

const read = (text: string) => Effect.runSync(parse(text, "a.toml"))
const fails = (text: string): TomlSyntax => Effect.runSync(Effect.flip(parse(text, "a.toml")))
const shown = ({ line, column }: { line: number; column: number }) => `${line}:${column}`

const SAMPLE = `# top
title = "x"          # a comment
owner.name.first = "é😀"
  indented = [1, "two", { three = 3 }]

[step.write]
type = "fallback"
try = [
  "claude", # first
  "codex",
]
when = { quota = { agent = "claude", at.least = "10%" } }

[[test]]
name = "one"
[test.expect]
state = "succeeded"
[[test]]
name = "two"
["quoted key".x]
y = 1
`

test("a value is found where it stands, its key where the key stands", () => {
  const document = read(SAMPLE)
  const places = [
    [["title"], "2:9", "2:1"],
    [["owner"], "3:1", "3:1"],
    [["owner", "name"], "3:7", "3:7"],
    [["owner", "name", "first"], "3:20", "3:12"],
    [["indented"], "4:14", "4:3"],
    [["indented", 1], "4:18", "4:18"],
    [["indented", 2, "three"], "4:35", "4:27"],
    [["step"], "6:2", "6:2"],
    [["step", "write"], "6:1", "6:7"],
    [["step", "write", "try", 1], "10:3", "10:3"],
    [["step", "write", "when", "quota", "at"], "12:38", "12:38"],
    [["step", "write", "when", "quota", "at", "least"], "12:49", "12:41"],
    [["test"], "14:1", "14:3"],
    [["test", 0, "name"], "15:8", "15:1"],
    [["test", 0, "expect", "state"], "17:9", "17:1"],
    [["test", 1], "18:1", "18:3"],
    [["test", 1, "name"], "19:8", "19:1"],
    [["quoted key", "x", "y"], "21:5", "21:1"],
  ] as const
  const found = places.map(([path]) => [path, shown(document.at(path)), shown(document.keyAt(path))])
  expect(found).toEqual(places.map((place) => [...place]))
})

test("a path that is not there falls back to its nearest ancestor, and to 1:1", () => {
  const document = read(SAMPLE)
  expect(shown(document.at(["step", "write", "prompt", "deep"]))).toBe("6:1")
  expect(shown(document.keyAt(["step", "write", "try", 9]))).toBe("8:1")
  expect(shown(document.at(["nothing"]))).toBe("1:1")
  expect(shown(document.at([]))).toBe("1:1")
})

test("a header written after its children is where the table stands", () => {
  expect(shown(read("[a.b]\n\n[a]\nx = 1\n").at(["a"]))).toBe("3:1")
})

test("a byte order mark and CRLF move nothing", () => {
  const document = read("\uFEFFa = 1\r\n[b]\r\nc = '''x\r\ny'''\r\nd = 2\r\n")
  expect(document.value).toEqual({ a: 1, b: { c: "x\r\ny", d: 2 } })
  expect([["a"], ["b"], ["b", "d"]].map((path) => shown(document.at(path)))).toEqual(["1:5", "2:1", "5:5"])
})

test("dates are strings, and those without a zone stay as they are written", () => {
  const { value } = read(`a = 1979-05-27T07:32:00.123456789
b = 07:32:00
c = 1979-05-27
d = 1979-05-27T07:32:00+02:00
e = [1979-05-27 07:32:00Z]`)
  expect(value).toEqual({
    a: "1979-05-27T07:32:00.123456789",
    b: "07:32:00",
    c: "1979-05-27",
    d: "1979-05-27T07:32:00+02:00",
    e: ["1979-05-27T07:32:00Z"],
  })
})

test("keys that name parts of a prototype are only keys", () => {
  const { value } = read("__proto__.polluted = 1\n[constructor]\nprototype = 2\n")
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"])
  expect(Object.getPrototypeOf(value)).toBe(null)
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
})

for (const [text, place, message, excerpt] of [
  ["a = 1\nb = \n", "2:5", "invalid value", "b = \n    ^"],
  ["a = 1\na = 2", "2:1", "redefine", "a = 2\n^"],
  ["[a]\n[a]\n", "2:2", "redefine", "[a]\n ^"],
  ["a = {b=1}\n[a.c]\n", "2:2", "redefine", "[a.c]\n ^"],
  ["x = 1\r\n\ty = [1 2]\r\n", "2:9", "comma", "\ty = [1 2]\n\t       ^"],
  ["\uFEFFa = 9007199254740993", "1:5", "losslessly", "a = 9007199254740993\n    ^"],
  ['a = "abc', "1:5", "unfinished string", 'a = "abc\n    ^'],
  ["a = 1 b = 2", "1:7", "end-of-line", "a = 1 b = 2\n      ^"],
  ["ok = 1\nä = 1", "2:1", "illegal character", "ä = 1\n^"],
  ["a = 1\n\u001b[31m", "2:1", "illegal character", "\uFFFD[31m\n^"],
] as const)
  test(`a syntax error shows its line: ${JSON.stringify(text)}`, () => {
    const error = fails(text)
    expect(shown(error)).toBe(place)
    expect(error.reason).toContain(message)
    expect(error.excerpt).toBe(excerpt)
    expect(error.message).toBe(`a.toml:${place}  ${error.reason}\n${excerpt.replace(/^/gm, "  ")}`)
    expect(error.file).toBe("a.toml")
  })

test("a long line is shown around the place", () => {
  const error = fails(`a = ["${"x".repeat(5000)}", ?]`)
  const [line, caret] = error.excerpt.split("\n") as [string, string]
  expect(line.length).toBeLessThanOrEqual(120)
  expect(line[caret.length - 1]).toBe("?")
})

test("more than 2 MB is refused, in bytes", () => {
  expect(fails(`a = "${"x".repeat(2 * 1024 * 1024)}"`).reason).toBe("the file is larger than 2 MB")
  expect(fails(`a = "${"é".repeat(1024 * 1024)}"`).reason).toBe("the file is larger than 2 MB")
  expect(Object.keys(read(`a = "${"x".repeat(2 * 1024 * 1024 - 10)}"`).value)).toEqual(["a"])
})

test("64 levels are read, one more is refused, however it is written", () => {
  const lists = (depth: number) => `a = ${"[".repeat(depth)}${"]".repeat(depth)}`
  const dots = (depth: number) => `x = 1\n${Array(depth).fill("a").join(".")} = 1`
  expect(Object.keys(read(lists(63)).value)).toEqual(["a"])
  expect(Object.keys(read(dots(64)).value)).toEqual(["x", "a"])
  expect(fails(lists(66)).reason).toBe("nested deeper than 64 levels")
  expect(fails(dots(66))).toMatchObject({ line: 2, column: 129, reason: "nested deeper than 64 levels" })
  expect(fails(`[${Array(66).fill("a").join(".")}]\nb = 1`).reason).toBe("nested deeper than 64 levels")
  expect(fails(lists(100_000)).reason).toBe("nested deeper than 64 levels")
})
