import { expect, test } from "bun:test"
import type { Schema } from "effect"
import { faults } from "./JsonKeywords.ts"

const found = (shape: Schema.JsonObject) => faults(shape).map(({ issue, path }) => [path.join("."), issue])

test("a value that the keyword does not take is said with its place, and all of them at once", () => {
  const shape = {
    type: "objekt",
    properties: {
      a: { minimum: "low", items: [{ type: ["string", "nul"] }], pattern: "(" },
      b: { anyOf: [{ required: "x" }, 3], enum: [] },
      c: { maxLength: -1, multipleOf: 0, allOf: {}, uniqueItems: "yes", dependentRequired: { x: "y" } },
    },
  }
  expect(found(shape).map(([path]) => path)).toEqual([
    "type",
    "properties.a.minimum",
    "properties.a.items.0.type",
    "properties.a.pattern",
    "properties.b.anyOf.0.required",
    "properties.b.anyOf.1",
    "properties.b.enum",
    "properties.c.maxLength",
    "properties.c.multipleOf",
    "properties.c.allOf",
    "properties.c.uniqueItems",
    "properties.c.dependentRequired",
  ])
  expect(found({ minimum: "low" })).toEqual([["minimum", '"minimum" must be a number, not "low"']])
})

test("what is no keyword, and what only looks like one, is left alone", () => {
  const shape = {
    title: "T",
    "x-order": [1],
    const: { type: "objekt" },
    default: { required: "a" },
    properties: { type: { type: "string" }, constructor: true, required: false },
    $defs: { node: { items: { $ref: "#/$defs/node" } } },
    items: { $ref: "#/$defs/node" },
  }
  expect(found(shape)).toEqual([])
})

test("a schema that asks for itself about the same value is refused, however it is said", () => {
  const same = "it refers to itself without end"
  for (const shape of [
    { $ref: "#" },
    { $ref: "#/$defs/x", $defs: { x: { $ref: "#/$defs/x" } } },
    { $defs: { x: { anyOf: [{ $ref: "#/$defs/y" }] }, y: { allOf: [{}, { $ref: "#/$defs/x" }] } } },
    { $defs: { o: { properties: { "a/b": { $ref: "#/$defs/o/properties/a~1b" } } } } },
    { definitions: { "x y": { $ref: "#/definitions/x%20y" } } },
  ])
    expect(found(shape as Schema.JsonObject).map(([, issue]) => issue)).toContain(same)
})

test("many alternatives that lead to one end are no circle, and are soon seen", () => {
  const step = (n: number) => ({ anyOf: [{ $ref: `#/$defs/${n + 1}` }, { $ref: `#/$defs/${n + 1}` }] })
  const $defs = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [n, n === 29 ? {} : step(n)]))
  expect(found({ $ref: "#/$defs/0", $defs })).toEqual([])
})

test("one that is nested without measure is refused, whatever it consists of", () => {
  const deep = (key: string) =>
    Array.from({ length: 100_000 }).reduce<Schema.JsonObject>((inner) => ({ [key]: inner }), {})
  for (const key of ["items", "const", "properties"])
    expect(found(deep(key))).toEqual([["", "it is nested deeper than 100 levels"]])
})
