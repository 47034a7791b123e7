import { expect } from "bun:test"
import { Effect, Result, Schema } from "effect"
import { effect } from "../testing/effect.ts"
import * as JsonShape from "./JsonShape.ts"

const shape: JsonShape.Shape = {
  type: "object",
  properties: { name: { type: "string", pattern: "^[a-z]+$" }, size: { type: "integer", minimum: 1 } },
  required: ["name"],
}

const problem = (text: string, of: JsonShape.Shape = shape) =>
  Effect.map(JsonShape.check(of, { text }), (met) => met.problem)

effect(
  "an answer is JSON as a whole, or in its one fenced block",
  Effect.gen(function* () {
    expect(yield* JsonShape.check(shape, { text: '{"name":"a"}' })).toEqual({
      problem: undefined,
      data: { name: "a" },
    })
    expect(yield* problem('Here it is:\n```json\n{"name": "a"}\n```\nDone.')).toBeUndefined()
    expect(yield* problem('```\n{"name": "a"}\n```\n```\n{"name": "b"}\n```')).toBe("is no JSON.")
    expect(yield* problem("")).toBe("is no JSON.")
  }),
)

effect(
  "everything that is wrong with an answer is said at once, by its place",
  Effect.gen(function* () {
    const said = yield* problem('{"name": "A1", "size": 0}')
    for (const words of ["name", "size"]) expect(said).toContain(words)
    expect(yield* problem('{"size": 2}')).toContain("name")
  }),
)

effect(
  "an object that is closed takes no other keys, an open one keeps them",
  Effect.gen(function* () {
    expect(yield* problem('{"name":"a","more":1}', { ...shape, additionalProperties: false })).toContain(
      "more",
    )
    expect(yield* JsonShape.check(shape, { text: "", data: { name: "a", more: 1 } })).toEqual({
      problem: undefined,
      data: { name: "a", more: 1 },
    })
  }),
)

effect(
  "draft-07 is read as such",
  Effect.gen(function* () {
    const old = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "array",
      items: [{ type: "string" }],
    }
    expect(yield* problem('["a"]', old)).toBeUndefined()
    expect(yield* problem("[1]", old)).toContain("0")
  }),
)

effect(
  "a schema that cannot be checked is refused in the config, with the reason",
  Effect.gen(function* () {
    const decode = (input: unknown) => Effect.result(Schema.decodeUnknownEffect(JsonShape.Field)(input))
    for (const [input, words] of [
      [{ if: { type: "string" }, then: {} }, '"if"'],
      [{ $ref: "https://example.org/x" }, "$ref"],
      [{ pattern: "(" }, "pattern"],
      ["shape.json", "a file can be named in a pipeline's own file only"],
      ["{ not json", "JSON"],
    ] as const) {
      const read = yield* decode(input)
      expect(Result.isFailure(read) ? String(read.failure) : "accepted").toContain(words)
    }
    expect(yield* decode('{"type":"object"}')).toMatchObject({ success: { type: "object" } })
  }),
)
