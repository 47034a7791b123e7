import { describe, expect } from "bun:test"
import { Effect } from "effect"
import * as fc from "fast-check"
import { effect } from "../testing/effect.ts"
import { fill, MAX_BYTES, type Values } from "./Template.ts"

const values: Values = {
  input: { task: "add {{ run.id }}", files: ["a", "b"], count: 3, deep: true },
  steps: (id) =>
    id === "write"
      ? { text: "done", data: { files: [{ name: "x" }], none: null, big: { a: 1 } } }
      : undefined,
  run: { id: "r-1", prompt: "the prompt" },
  project: { name: "app" },
  failure: { class: "auth", message: "not logged in" },
  loop: { round: 2, check: "3 tests failed" },
}

const fills = (name: string, cases: ReadonlyArray<readonly [string, string]>, given: Values = values) =>
  effect(
    name,
    Effect.gen(function* () {
      for (const [template, expected] of cases) expect(yield* fill(template, given)).toBe(expected)
    }),
  )

describe("a template", () => {
  fills("is filled with inputs, answers and what is known of the run", [
    ["{{ input.count }} {{input.deep}} {{ run.id }} {{ run.prompt }}", "3 true r-1 the prompt"],
    ["{{ input.files }}", "a\nb"],
    [
      "{{ steps.write.answer }}, {{ steps.write.data.files.0.name }}, {{ steps.write.data.big }}",
      'done, x, {"a":1}',
    ],
    [
      "{{ project.name }} {{ failure.class }}: {{ failure.message }} {{ loop.round }} {{ loop.check }}",
      "app auth: not logged in 2 3 tests failed",
    ],
  ])

  fills("does not look again at what was filled in", [["{{ input.task }}", "add {{ run.id }}"]])

  fills("has literal braces", [
    ["{{{{ x }} and } } { {", "{{ x }} and } } { {"],
    ["{{{{{{ run.id }}", "{{r-1"],
  ])

  fills(
    "is empty where a known name has no value",
    [
      [
        "[{{ input.other }}{{ steps.skipped.answer }}{{ project.name }}{{ failure.message }}{{ loop.check }}]",
        "[]",
      ],
    ],
    { input: {}, steps: () => undefined, run: { id: "r", prompt: "" }, project: undefined },
  )

  fills("knows own names only", [["[{{ input.constructor }}]", "[]"]])

  effect(
    "fails where a step gave no such data, and above 4 MB",
    Effect.gen(function* () {
      const missing = yield* Effect.flip(fill("{{ steps.write.data.file }}", values))
      expect(missing.facts).toEqual({
        class: "bad_output",
        message: "There is no data for {{ steps.write.data.file }}.",
      })
      const half = "é".repeat(MAX_BYTES / 4)
      const given = { ...values, input: { half } }
      expect(yield* fill("{{ input.half }}{{ input.half }}", given)).toHaveLength(MAX_BYTES / 2)
      const large = yield* Effect.flip(fill("{{ input.half }}{{ input.half }}.", given))
      expect(large.facts).toEqual({
        class: "context_too_long",
        message: "The filled text is larger than 4 MB.",
      })
    }),
  )

  effect(
    "gives any value back as it is, and any text without gaps too",
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.string(), fc.string(), async (value, around) => {
          const plain = around.replaceAll(/\{(?=\{)/g, "{ ")
          const given = { ...values, input: { value } }
          // A brace right before the gap would belong to it.
          const filled = await Effect.runPromise(fill(`${plain}\n{{ input.value }}${plain}`, given))
          expect(filled).toBe(`${plain}\n${value}${plain}`)
        }),
        { numRuns: 300, examples: [["{{ x }}", "{{{ }}}"]] },
      ),
    ),
  )
})
