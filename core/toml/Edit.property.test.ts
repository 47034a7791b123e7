import { expect, test } from "bun:test"
import { parse as readOther } from "@iarna/toml"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import { find, locate, type Path, type Place } from "./Locate.ts"
import { parse, remove, set, stringify } from "./Toml.ts"

/** Hundreds of documents: a second on a quiet machine, half a minute beside many others. */
const property = (name: string, body: () => void) => test(name, body, 120_000)

type Table = Record<string, unknown>
const read = (text: string) => Effect.runSync(parse(text, "p.toml")).value
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Own, simple copy: no prototypes, no symbols, no negative zero, no bigint. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "bigint") return Number(value)
  if (!isTable(value)) return value === 0 ? 0 : value
  const table: Table = Object.create(null)
  for (const [key, inner] of Object.entries(value)) table[key] = plain(inner)
  return table
}

// Values as a plugin or a command may hand them over.
const name = fc.oneof(
  fc.constantFrom("a", "b", "c", "a b", "", "é", "__proto__", "constructor", "0", "x.y", 'q"', "#"),
  fc.string({ unit: "binary", maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\n", "'''", '"""', "\\", "# no comment", "\r\n", "\u007f\u0000"),
  fc.maxSafeInteger(),
  fc.double(),
  fc.boolean(),
)
const { value: anyValue } = fc.letrec<{ value: unknown; table: Table }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value"), { maxLength: 3 }), tie("table")),
  table: fc.dictionary(name, tie("value"), { maxKeys: 3 }),
}))
const anyTable = fc.dictionary(name, anyValue, { maxKeys: 4 })

// Documents as people write them: every piece is kept that leaves the text valid.
const key = fc.constantFrom("a", "b", "c", "d", '"x y"', "'é.#'", '"__proto__"')
const dotted = fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => keys.join("."))
const source = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(
      "1",
      "0x1F",
      "1_000",
      "true",
      "1e3",
      "inf",
      '"s # s"',
      "'l'",
      '"""\nm # "q"\n  m"""',
      "'''\n[no]\n'''",
    ),
    fc.constantFrom("1979-05-27T07:32:00Z", "07:32:00", "1979-05-27", "[]", "{}", '"😀"'),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(", ")}]`),
    fc
      .array(tie("value"), { minLength: 1, maxLength: 3 })
      .map((all) => `[ # open, [\n  ${all.join(", # c, ]\n  ")},\n ]`),
    fc
      .array(fc.tuple(dotted, tie("value")), { maxLength: 3 })
      .map((all) => `{ ${all.map((pair) => pair.join(" = ")).join(", ")} }`),
    fc
      .array(fc.tuple(dotted, tie("value")), { minLength: 1, maxLength: 2 })
      .map((all) => `{\n${all.map((pair) => pair.join("=")).join(", # in\n")}, }`),
  ),
}))
const piece = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom("", "  ", "\t"), dotted, source.value, fc.constantFrom("", " # why", "  "))
      .map(([indent, keys, value, end]) => `${indent}${keys} = ${value}${end}`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(dotted, fc.constantFrom("", " # head")).map(([keys, end]) => `[${keys}]${end}`),
  },
  { weight: 2, arbitrary: dotted.map((keys) => `[[ ${keys} ]]`) },
  { weight: 2, arbitrary: fc.constantFrom("# a comment", "", "  # [not.a.table]", "#:schema x.json", "   ") },
)
const valid = (text: string) => {
  try {
    locate(text)
    return Exit.isSuccess(Effect.runSyncExit(parse(text, "p.toml")))
  } catch {
    return false
  }
}
const anyDocument = fc
  .tuple(fc.array(piece, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.boolean(), fc.boolean())
  .map(([pieces, eol, last, mark]) => {
    const lines = pieces.reduce<Array<string>>(
      (kept, one) => (valid([...kept, one].join("\n")) ? [...kept, one] : kept),
      [],
    )
    return (mark ? "\uFEFF" : "") + (lines.join("\n") + (last ? "\n" : "")).replaceAll("\n", eol)
  })

const pathsOf = (value: unknown, path: Path = []): ReadonlyArray<Path> => {
  const inner = Array.isArray(value) ? [...value.entries()] : isTable(value) ? Object.entries(value) : []
  return [path, ...inner.flatMap(([segment, below]) => pathsOf(below, [...path, segment]))]
}
const has = (value: unknown, segment: string | number) =>
  typeof segment === "number"
    ? Array.isArray(value) && segment < value.length
    : isTable(value) && Object.hasOwn(value, segment)
const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((here, segment) => (has(here, segment) ? (here as Table)[segment] : undefined), value)
const withValue = (value: unknown, [head, ...rest]: Path, wanted: unknown): unknown => {
  if (head === undefined) return plain(wanted)
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? ([...value] as unknown as Table)
    : Object.assign(Object.create(null), value)
  copy[head] = withValue(Object.hasOwn(copy, head) ? copy[head] : Object.create(null), rest, wanted)
  return copy
}
const body = (text: string) => text.replace(/^\uFEFF/, "")

property("every value of every document has a place, and what stands there is that value", () => {
  fc.assert(
    fc.property(anyDocument, (text) => {
      const value = read(text)
      const tree = locate(body(text))
      for (const path of pathsOf(value)) {
        const place = find(tree, path)
        expect(place).toBeDefined()
        if (place?.content === undefined) continue
        expect(read(`v = ${body(text).slice(place.start, place.end)}`)["v"]).toEqual(valueAt(value, path))
      }
    }),
    { numRuns: 300 },
  )
})

property("set changes one value: all else stays, byte for byte, and twice is once", () => {
  let done = 0
  fc.assert(
    fc.property(
      anyDocument,
      anyValue,
      fc.nat(),
      fc.array(name, { maxLength: 2 }),
      (text, wanted, pick, more) => {
        const before = read(text)
        const paths = pathsOf(before)
        const path = [...paths[pick % paths.length]!, ...more]
        const place = find(locate(body(text)), path)
        const exit = Effect.runSyncExit(set(text, path, wanted))
        if (Exit.isFailure(exit)) return expectRefusal(before, path, place)
        done++
        expect(plain(read(exit.value))).toEqual(withValue(before, path, wanted) as Table)
        expect(Effect.runSync(set(exit.value, path, wanted))).toBe(exit.value)
        const lone = exit.value.replaceAll("\r\n", "").includes("\n")
        expect(text.includes("\r\n") ? lone : text.includes("\n") && exit.value.includes("\r\n")).toBe(false)
        // A table, or a list of tables with headers, is changed in several places.
        if ((isTable(valueAt(before, path)) && isTable(wanted)) || place?.kind === "tables") return
        expectUntouched(body(text), body(exit.value), place)
      },
    ),
    { numRuns: 1500 },
  )
  expect(done).toBeGreaterThan(700)
})

/** Only what the docstring of `set` names may be refused. */
const expectRefusal = (before: Table, path: Path, place: Place | undefined) => {
  if (place !== undefined) return expect(["table", "implied", "dotted", "tables"]).toContain(place.kind)
  const missing = path.findIndex((segment, index) => !has(valueAt(before, path.slice(0, index)), segment))
  expect(isTable(valueAt(before, path.slice(0, missing)))).toBe(false)
}

const expectUntouched = (before: string, after: string, place: Place | undefined) => {
  const lines = new Set(after.split(/\r?\n/))
  for (const { 0: line, index } of before.matchAll(/^[ \t]*#.*$/gm))
    if (place === undefined || index < place.start || index >= place.end) expect(lines.has(line)).toBe(true)
  const start = place?.start ?? commonStart(before, after)
  expect(after.startsWith(before.slice(0, start))).toBe(true)
  expect(after.endsWith(before.slice(place?.end ?? start))).toBe(true)
}

const commonStart = (a: string, b: string) => {
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  return same
}

property("remove takes back what set added", () => {
  fc.assert(
    fc.property(anyDocument, anyValue, fc.nat(), name, (text, wanted, pick, fresh) => {
      const before = read(text)
      const tables = pathsOf(before).filter(
        (path) => isTable(valueAt(before, path)) && !has(valueAt(before, path), fresh),
      )
      fc.pre(tables.length > 0)
      const path = [...tables[pick % tables.length]!, fresh]
      const added = Effect.runSync(set(text, path, wanted))
      expect(plain(read(Effect.runSync(remove(added, path))))).toEqual(plain(before) as Table)
    }),
    { numRuns: 700 },
  )
})

property("remove takes one key or table and nothing else", () => {
  fc.assert(
    fc.property(anyDocument, fc.nat(), (text, pick) => {
      const before = read(text)
      const paths = pathsOf(before).slice(1)
      fc.pre(paths.length > 0)
      const path = paths[pick % paths.length]!
      const last = path.at(-1)!
      const after = Effect.runSync(remove(text, path))
      const rest = pathsOf(before).filter((one) => !path.every((segment, index) => one[index] === segment))
      const moved = rest.map((one) => shifted(one, path, last))
      const left = new Set(pathsOf(read(after)).map((one) => JSON.stringify(one)))
      for (const [index, one] of moved.entries()) {
        const value = valueAt(before, rest[index]!)
        if (
          typeof value === "object" &&
          path.slice(0, rest[index]!.length).every((segment, at) => rest[index]![at] === segment)
        )
          continue
        expect(left.has(JSON.stringify(one))).toBe(true)
        expect(valueAt(read(after), one)).toEqual(value)
      }
      expect(left.size).toBeLessThanOrEqual(rest.length)
    }),
    { numRuns: 700 },
  )
})

/** Entries behind a removed one move up. */
const shifted = (one: Path, removed: Path, last: string | number): Path => {
  const at = removed.length - 1
  const beside =
    typeof last === "number" && removed.slice(0, at).every((segment, index) => one[index] === segment)
  const here = one[at]
  return beside && typeof here === "number" && here > last
    ? [...one.slice(0, at), here - 1, ...one.slice(at + 1)]
    : one
}

// @iarna/toml takes a header named like a member of Object.prototype for that member and drops the table.
const members = new Set(Object.getOwnPropertyNames(Object.prototype))
const namesOf = (value: unknown): ReadonlyArray<string> =>
  pathsOf(value).flatMap((path) => path.filter((segment) => typeof segment === "string"))

property("what stringify and set write reads the same in two parsers", () => {
  fc.assert(
    fc.property(anyTable, name, (table, at) => {
      const written = stringify(table)
      const edited = Effect.runSync(set("[x]\nkey = {}\nother.dotted = 1\n", ["x", "key", at], table))
      expect(read(written)).toEqual(plain(table) as Table)
      if (namesOf({ [at]: table }).some((one) => members.has(one))) return
      for (const text of [written, edited]) expect(plain(readOther(text))).toEqual(plain(read(text)) as Table)
    }),
    { numRuns: 500 },
  )
})
