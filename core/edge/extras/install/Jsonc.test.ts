import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { getNodeValue, type Node, parseTree } from "jsonc-parser/lib/esm/main.js"
import { put, read, take } from "./Jsonc.ts"
import { JsonRefused } from "./jsonc/Tree.ts"

const loose = { strict: false }
const entry = { command: "/bin/hub", args: ["serve", "--stdio"], on: true }
const path = ["servers", "hub"]

const table: ReadonlyArray<readonly [name: string, before: string, after: string]> = [
  ["an empty text", "", '{\n  "servers": {\n    "hub": {\n      "n": 1\n    }\n  }\n}\n'],
  ["an empty object", "{}", '{\n  "servers": {\n    "hub": {\n      "n": 1\n    }\n  }\n}'],
  ["comments alone", "// mine", '// mine\n{\n  "servers": {\n    "hub": {\n      "n": 1\n    }\n  }\n}\n'],
  [
    "a comment behind the last one",
    '{\n\t"a": 1 // why\n}\n',
    '{\n\t"a": 1, // why\n\t"servers": {\n\t\t"hub": {\n\t\t\t"n": 1\n\t\t}\n\t}\n}\n',
  ],
  [
    "a comma at the end",
    '{\n    "servers": {\n        "x": {}, // one\n    },\n}',
    '{\n    "servers": {\n        "x": {}, // one\n        "hub": {\n            "n": 1\n        },\n    },\n}',
  ],
  [
    "a comma on the next line",
    '{\n  "servers": {\n    "x": {}\n    , /* , */\n  }\n}',
    '{\n  "servers": {\n    "x": {}\n    , /* , */\n    "hub": {\n      "n": 1\n    },\n  }\n}',
  ],
  ["one line without blanks", '{"a":[1],"servers":{}}', '{"a":[1],"servers":{"hub":{"n":1}}}'],
  ["one line", '{ "servers": { "x": 1 } }', '{ "servers": { "x": 1, "hub": { "n": 1 } } }'],
  [
    "lines that end as on Windows",
    '{\r\n  "servers": {\r\n  }\r\n}\r\n',
    '{\r\n  "servers": {\r\n    "hub": {\r\n      "n": 1\r\n    }\r\n  }\r\n}\r\n',
  ],
  [
    "a comment in an empty object",
    '{\n  "servers": { // none\n  }\n}',
    '{\n  "servers": { // none\n    "hub": {\n      "n": 1\n    }\n  }\n}',
  ],
]

describe("a new entry stands as its neighbours do", () => {
  for (const [name, before, after] of table)
    test(name, () => {
      expect(put(before, path, { n: 1 }, loose)).toBe(after)
      expect(put(after, path, { n: 1 }, loose)).toBe(after)
    })
})

test("an entry is taken with its line and its comma, and comments around it stay", () => {
  const taken = (text: string) => take(text, path, loose)
  expect(taken('{\n  "servers": {\n    // ours\n    "hub": 1, // mine\n    "x": 2\n  }\n}')).toBe(
    '{\n  "servers": {\n    // ours\n    // mine\n    "x": 2\n  }\n}',
  )
  expect(taken('{\n  "servers": {\n    "x": 2, // two\n    "hub": 1 }\n}')).toBe(
    '{\n  "servers": {\n    "x": 2 // two\n    }\n}',
  )
  expect(taken('{"servers":{"hub":1,"x":2}}')).toBe('{"servers":{"x":2}}')
  expect(taken('{ "servers": { "hub": 1 } }')).toBe('{ "servers": {} }')
  expect(taken('{ "other": 1 }')).toBe('{ "other": 1 }')
})

test("an entry that is there is changed key by key", () => {
  const text = '{ "servers": { "hub": { "command": "/old", /* keep */ "mine": 1, "gone": 2 } } }'
  expect(put(text, path, { command: "/new", mine: 1, args: ["a"] }, loose)).toBe(
    '{ "servers": { "hub": { "command": "/new", /* keep */ "mine": 1, "args": [ "a" ] } } }',
  )
})

describe("what cannot be changed is refused, with its place", () => {
  const cases: ReadonlyArray<readonly [text: string, line: number, column: number, why: string]> = [
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "comma expected"],
    ['{\n  "servers": [1]\n}', 2, 14, "servers is no object"],
    ["[]", 1, 1, "the file is no object"],
    ['{ "servers": {}, "servers": {} }', 1, 18, "servers stands there twice"],
    ["{} {}", 1, 4, "end of file expected"],
    ['{ "servers": {', 1, 15, "close brace expected"],
  ]
  for (const [text, line, column, why] of cases)
    test(why, () => {
      const refused = (): unknown => {
        try {
          return put(text, path, entry, loose)
        } catch (error) {
          return error
        }
      }
      expect(refused()).toBeInstanceOf(JsonRefused)
      expect(refused()).toMatchObject({ at: { line, column }, message: why })
    })

  test("a comment, where the client reads none", () => {
    expect(() => put("{} // no", path, entry, { strict: true })).toThrow("invalid comment token")
    expect(() => put("{} // yes", path, entry, loose)).not.toThrow()
  })

  test("a text nested beyond measure", () => {
    expect(() => read('{"a":'.repeat(200_000), loose)).toThrow()
  })
})

// Documents as people, editors and programs write them.
const eol = fc.constantFrom("\n", "\r\n")
const gap = fc.constantFrom(
  "",
  "",
  " ",
  "\n",
  "\n  ",
  "\n\t",
  " // c, {}\n",
  " /* , } */ ",
  "\n// own\n  ",
  "\n\n",
)
const name = fc.oneof(
  fc.constantFrom("servers", "hub", "a", "b", "é", "a.b", "//", "__proto__"),
  fc.string({ maxLength: 4 }),
)
const { document } = fc.letrec<{ document: string; value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("1", "-0.5e3", "true", "null", '"s // s"', '"\\n\\u00e9"', "[]", "{}", '"/*"'),
    tie("object"),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(", ")}]`),
  ),
  object: fc
    .tuple(
      fc.uniqueArray(name, { maxLength: 4 }),
      fc.infiniteStream(tie("value")),
      fc.infiniteStream(gap),
      fc.boolean(),
    )
    .map(([names, values, gaps, comma]) => {
      const next = () => gaps.next().value ?? ""
      const all = names.map(
        (one) => `${next()}${JSON.stringify(one)}${next()}:${next()}${values.next().value}${next()}`,
      )
      return `{${all.join(",")}${comma && names.length > 0 ? "," : ""}${next()}}`
    }),
  document: fc
    .tuple(gap, tie("object"), gap, eol)
    .map(([before, object, after, line]) => (before + object + after).replaceAll("\n", line)),
}))

const parse = (text: string): unknown => getNodeValue(parseTree(text) as Node)
/** Keys in one order: `toEqual` knows no key named as the prototype is. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
const comments = (text: string) => text.match(/\/\/ (?:c, \{\}|own)|\/\* , \} \*\//g) ?? []
const withEntry = (value: unknown) => {
  const { servers } = value as { servers?: object }
  return { ...(value as object), servers: { ...servers, hub: entry } }
}
const isPutable = (text: string) => {
  const { servers } = parse(text) as { servers?: unknown }
  return servers === undefined || (typeof servers === "object" && servers !== null && !Array.isArray(servers))
}

test("put adds the entry and nothing else, byte for byte, and twice is once", () => {
  let added = 0
  fc.assert(
    fc.property(document, (text) => {
      if (!isPutable(text)) return expect(() => put(text, path, entry, loose)).toThrow(JsonRefused)
      const after = put(text, path, entry, loose)
      expect(plain(parse(after))).toBe(plain(withEntry(parse(text))))
      expect(put(after, path, entry, loose)).toBe(after)
      if (Object.hasOwn((parse(text) as { servers?: object }).servers ?? {}, "hub")) return
      added++
      // What is left when the new pieces are cut out, is what was there.
      expect(isSubsequence(text.replace(/\s/g, ""), after.replace(/\s/g, ""))).toBe(true)
      expect(comments(after)).toEqual(comments(text))
      if (text.includes("\r\n")) expect(after.replaceAll("\r\n", "")).not.toContain("\n")
    }),
    { numRuns: 2000 },
  )
  expect(added).toBeGreaterThan(1000)
})

test("take gives back what was there: the same bytes, but for blanks in an object that is empty again", () => {
  fc.assert(
    fc.property(document, (text) => {
      const { servers } = parse(text) as { servers?: Record<string, unknown> }
      fc.pre(isPutable(text) && !Object.hasOwn(servers ?? {}, "hub"))
      const way = servers === undefined ? ["servers"] : path
      const back = take(put(text, path, entry, loose), way, loose)
      const wasEmpty = Object.keys(servers ?? (parse(text) as object)).length === 0
      if (wasEmpty) expect(back.replace(/\s/g, "")).toBe(text.replace(/\s/g, ""))
      else expect(back).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

test("take removes any one property, and no comment with it", () => {
  fc.assert(
    fc.property(document, fc.nat(), (text, pick) => {
      const value = parse(text) as Record<string, unknown>
      const names = Object.keys(value)
      fc.pre(names.length > 0)
      const gone = names[pick % names.length] ?? ""
      const { [gone]: _, ...rest } = value
      const after = take(text, [gone], loose)
      expect(plain(parse(after))).toBe(plain(rest))
      expect(isSubsequence(after.replace(/\s/g, ""), text.replace(/\s/g, ""))).toBe(true)
    }),
    { numRuns: 1500 },
  )
})

const isSubsequence = (small: string, large: string): boolean => {
  let at = 0
  for (const char of large) if (char === small[at]) at++
  return at === small.length
}
