import { expect, test } from "bun:test"
import { Effect } from "effect"
import { remove, set, stringify, TomlEditRefused, TomlSyntax, type Path } from "./Toml.ts"

const put = (text: string, path: Path, value: unknown) => Effect.runSync(set(text, path, value))
const drop = (text: string, path: Path) => Effect.runSync(remove(text, path))
const refused = (text: string, path: Path, value: unknown) => {
  const error = Effect.runSync(Effect.flip(set(text, path, value, "a.toml")))
  expect(error).toBeInstanceOf(TomlEditRefused)
  return error.message
}

for (const [what, before, path, value, after] of [
  ["a value, its comment kept", "a = 1 # one\nb=2\n", ["a"], "x", 'a = "x" # one\nb=2\n'],
  [
    "an equal value, kept as written",
    "a = 0x10\nb = [\n 1, # c\n]\n",
    ["b"],
    [1],
    "a = 0x10\nb = [\n 1, # c\n]\n",
  ],
  ["a dotted key", "a.b.c = 1\na.d = 2\n", ["a", "b", "c"], 3, "a.b.c = 3\na.d = 2\n"],
  ["a quoted key", "\"x y\".'z' = 1\n", ["x y", "z"], 2, "\"x y\".'z' = 2\n"],
  [
    "a value in an inline table",
    "t = { a = 1, b = { c = 2 } } # t\n",
    ["t", "b", "c"],
    3,
    "t = { a = 1, b = { c = 3 } } # t\n",
  ],
  ["an entry of a list", "l = [1, [2, 3]]\n", ["l", 1, 0], "x", 'l = [1, ["x", 3]]\n'],
  [
    "a key in one of several tables",
    "[[t]]\na = 1\n[[t]]\na = 2\n",
    ["t", 1, "a"],
    3,
    "[[t]]\na = 1\n[[t]]\na = 3\n",
  ],
  [
    "a new key at its table's end",
    "[a]\n  x = 1 # x\n# end\n\n[b]\n",
    ["a", "y"],
    2,
    "[a]\n  x = 1 # x\n  y = 2\n# end\n\n[b]\n",
  ],
  ["a new key in an empty table", "[a] # a\n[b]\n", ["a", "y"], 2, "[a] # a\ny = 2\n[b]\n"],
  ["a new key in a file without a last newline", "a = 1", ["b"], 2, "a = 1\nb = 2"],
  ["a new key in an empty file", "", ["b"], 2, "b = 2\n"],
  [
    "a new key above the first table",
    "#:schema x.json\n# about a\n[a]\n",
    ["b"],
    2,
    "#:schema x.json\nb = 2\n\n# about a\n[a]\n",
  ],
  ["a new key with the file's line ending", "[a]\r\nx = 1\r\n", ["a", "y"], 2, "[a]\r\nx = 1\r\ny = 2\r\n"],
  ["a key that must be quoted", "x = 1\n", ["a b\n"], [], 'x = 1\n"a b\\n" = []\n'],
  [
    "a new key beside dotted ones",
    "[t]\na.b = 1 # b\nz = 1\n",
    ["t", "a", "c"],
    { d: 1 },
    "[t]\na.b = 1 # b\na.c = { d = 1 }\nz = 1\n",
  ],
  [
    "a new key in an inline table",
    "t = {}\nu = { a = 1 }\n",
    ["u", "b"],
    [{ c: 1 }],
    "t = {}\nu = { a = 1, b = [ { c = 1 } ] }\n",
  ],
  ["the first key of an inline table", "t = {}\n", ["t", "a", "b"], 1, "t = { a = { b = 1 } }\n"],
  [
    "a key below a dotted one in an inline table",
    "t = { a.b = 1 }\n",
    ["t", "a", "c"],
    2,
    "t = { a.b = 1, a.c = 2 }\n",
  ],
  [
    "a key in a table that is not there",
    "# top\n\nx = 1",
    ["a", "b", "c"],
    1,
    "# top\n\nx = 1\n\n[a.b]\nc = 1\n",
  ],
  ["a key in a table that was only implied", "[a.b]\nx = 1\n", ["a", "y"], 2, "[a.b]\nx = 1\n\n[a]\ny = 2\n"],
  [
    "a whole new table",
    "[p.a]\r\nx = 1\r\n",
    ["p", "b"],
    { path: "/x", tags: ["t"], sub: { k: 1 } },
    '[p.a]\r\nx = 1\r\n\r\n[p.b]\r\npath = "/x"\r\ntags = [ "t" ]\r\n\r\n[p.b.sub]\r\nk = 1\r\n',
  ],
  [
    "a table inside one of several",
    "[[t]]\na = 1\n\n[[t]]\n",
    ["t", 0, "s", "k"],
    1,
    "[[t]]\na = 1\n\n[t.s]\nk = 1\n\n[[t]]\n",
  ],
  [
    "a table key by key",
    "[a] # a\nx = 1 # x\n# about y\ny = 2\n[a.b]\nz = 3 # z\n",
    ["a"],
    { x: 1, b: { z: 4 }, n: 5 },
    "[a] # a\nx = 1 # x\n# about y\nn = 5\n[a.b]\nz = 4 # z\n",
  ],
  ["a table that becomes empty", "[a.b]\nx = 1\n", ["a"], {}, "[a]\n"],
  [
    "a table that becomes empty, with the file's line ending",
    "[a.b]\r\n# b",
    ["a"],
    {},
    "# b\r\n\r\n[a]\r\n",
  ],
] as const)
  test(`set writes ${what}, and twice is once`, () => {
    const text = put(before, path, value)
    expect(text).toBe(after)
    expect(put(text, path, value)).toBe(after)
    expect(put(`\uFEFF${before}`, path, value)).toBe(`\uFEFF${after}`)
  })

for (const [what, before, path, after] of [
  [
    "a key with its line",
    "a = 1 # one\n# two\nb = '''\nx\n''' # b\nc = 3\n",
    ["b"],
    "a = 1 # one\n# two\nc = 3\n",
  ],
  ["the last line", "a = 1\nb = 2", ["b"], "a = 1\n"],
  [
    "a table with everything below it",
    "# top\n[a]\nx = 1\n\n# b\n[b]\n[a.c]\ny = 1\n# end\n",
    ["a"],
    "# top\n\n# b\n[b]\n# end\n",
  ],
  ["a table between blank lines", "x = 1\n\n[a]\ny = 1\n\n[b]\n", ["a"], "x = 1\n\n[b]\n"],
  ["dotted keys", "a.b = 1\nx = 1\na.c.d = 2\n", ["a"], "x = 1\n"],
  ["an implied table", "[a.b]\n[c]\n[a.d]\n", ["a"], "[c]\n"],
  ["one of several tables", "[[t]]\na = 1\n[[t]]\na = 2\n[t.s]\n[[t]]\n", ["t", 1], "[[t]]\na = 1\n[[t]]\n"],
  ["several tables", "[[t]]\na = 1\n[x]\n[[t]]\n", ["t"], "[x]\n"],
  [
    "a key in the middle of an inline table",
    "t = { a = 1, b = 2, c = 3 }\n",
    ["t", "b"],
    "t = { a = 1, c = 3 }\n",
  ],
  ["the last key of an inline table", "t = { a = 1, b = 2 }\n", ["t", "b"], "t = { a = 1 }\n"],
  ["the only key of an inline table", "t = { a = 1 }\n", ["t", "a"], "t = { }\n"],
  [
    "an entry of a list, not its neighbour's comment",
    "l = [\n  1, # a, b\n  2 # two\n]\n",
    ["l", 1],
    "l = [\n  1 # a, b\n # two\n]\n",
  ],
  ["the first entry of a list", "l = [1, 2]\n", ["l", 0], "l = [2]\n"],
  ["nothing when the key is absent", "a = 1\n", ["b", "c"], "a = 1\n"],
] as const)
  test(`remove takes ${what}`, () => {
    expect(drop(before, path)).toBe(after)
    expect(drop(before.replaceAll("\n", "\r\n"), path)).toBe(after.replaceAll("\n", "\r\n"))
  })

for (const [before, path, value, message] of [
  ["a = 1\n", ["a", "b"], 2, "a is not a table and holds no keys"],
  ["[a]\nx = 1\n", ["a"], 2, "a is a table: remove it first"],
  ["a.x = 1\n", ["a"], 2, "a is a table: remove it first"],
  ["[[a]]\nx = 1\n", ["a"], 2, "a is a list of tables: remove it first"],
  ["[[a]]\nx = 1\n", ["a"], [{}, {}], "a is a list of 1 tables with headers: change them one by one"],
  ["[[a]]\nx = 1\n", ["a", 1, "x"], 2, "a is a list of 1: a[1] is not in it"],
  ["[[a]]\nx = 1\n", ["a", "x"], 2, "a is a list of 1: a.x is not in it"],
  ["a = [1]\n", ["a", 1], 2, "a is a list of 1: a[1] is not in it"],
  ["a = 1\n", ["b", 0], 2, "b[0] counts in a list that does not exist"],
  ["a = 1\n", [], 2, "the document is a table: remove it first"],
  ["a = 1\n", ["b"], null, "TOML has no null"],
  ["a = 1\n", ["b"], undefined, "TOML has no undefined"],
  ["a = 1\n", ["b"], [() => 1], "TOML has no function"],
  ["a = 1\n", ["b"], new Map(), "TOML has no place for a class instance"],
  ["a = 1\n", ["b"], { c: "\ud800" }, "a string with half a surrogate pair"],
  ["a = 1\n", ["b"], { "\ud800": 1 }, "a key with half a surrogate pair"],
  ["a = 1\n", ["\ud800"], 1, "a key with half a surrogate pair"],
  ["a = 1\n", ["b"], 2n ** 53n, "an integer beyond 2^53"],
  ["a = 1\n", Array(70).fill("b"), 1, "nested deeper than 64 levels"],
] as const)
  test(`set refuses: ${message}, at ${path.slice(0, 3).join(".").toWellFormed()} in ${JSON.stringify(before)}`, () => {
    expect(refused(before, path, value)).toBe(message)
  })

test("a value that contains itself is refused", () => {
  const value: Record<string, unknown> = {}
  value["self"] = value
  expect(refused("", ["a"], value)).toBe("nested deeper than 64 levels")
})

test("dotted keys that reach into a table a header implied are followed", () => {
  const text = "[[a.p.b]]\n[a]\np.c.d = 1\n"
  expect(put(text, ["a", "p", "x"], 2)).toBe("[[a.p.b]]\n[a]\np.c.d = 1\np.x = 2\n")
  expect(drop(text, ["a", "p"])).toBe("[a]\n")
})

test("the whole document cannot be removed", () => {
  const error = Effect.runSync(Effect.flip(remove("a = 1\n", [])))
  expect(error).toBeInstanceOf(TomlEditRefused)
})

test("a broken file is not edited", () => {
  for (const change of [set("a = ", ["b"], 1, "x.toml"), remove("a = ", ["b"], "x.toml")]) {
    const error = Effect.runSync(Effect.flip(change))
    expect(error).toBeInstanceOf(TomlSyntax)
    expect(error.file).toBe("x.toml")
  }
})

test("stringify leaves undefined out and refuses what TOML cannot hold", () => {
  expect(stringify({ a: undefined, b: 1, t: { c: [] } })).toBe("b = 1\n\n[t]\nc = []\n")
  expect(stringify({})).toBe("")
  expect(() => stringify({ a: [null] })).toThrow("TOML has no null")
})
