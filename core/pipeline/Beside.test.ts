import { expect } from "bun:test"
import { Effect, Result } from "effect"
import { effect } from "../testing/effect.ts"
import { catalogue } from "../testing/plans.ts"
import { names, type ReadBeside } from "./Beside.ts"
import { kinds } from "./kinds/index.ts"
import type { Source } from "./Plan.ts"
import { resolve } from "./Resolve.ts"

const pipeline = (schema: string) => `
run = ["a", "check"]
[step.a]
type = "agent"
agent = "a"
prompt = "p"
output_schema = "${schema}"
[step.check]
type = "verify"
schema = "shapes/report.json"
`

const files: Readonly<Record<string, string>> = {
  "answer.json": '{ "type": "object" }',
  "shapes/report.json": '{ "type": "array" }',
  "list.json": "[1]",
  "odd.json": '{ "contains": {} }',
}

const beside: ReadBeside = (_, name) =>
  Effect.succeed(Object.hasOwn(files, name) ? (files[name] ?? "") : { problem: "is not there" })

const resolved = (source: Source, read: ReadBeside | undefined) =>
  resolve(
    { get: () => Effect.succeed(source), list: Effect.succeed([]), beside: read },
    "main",
    catalogue,
    kinds,
  )

const main = (schema: string): Source => ({ id: "main", file: "main.toml", text: pipeline(schema) })

effect(
  "a schema may stand in a file, and a plan resolves again without it",
  Effect.gen(function* () {
    const plan = yield* resolved(main("answer.json"), beside)
    expect(plan.steps.get("a")?.config).toMatchObject({ output_schema: { type: "object" } })
    expect(plan.steps.get("check")?.config).toMatchObject({ schema: { type: "array" } })
    const [source] = plan.sources
    expect(Object.keys(source?.files ?? {})).toEqual(["answer.json", "shapes/report.json"])
    const again = yield* resolved(JSON.parse(JSON.stringify(source)) as Source, undefined)
    expect(again.steps.get("a")?.config).toEqual(plan.steps.get("a")?.config)
  }),
)

effect(
  "what is wrong with a file is said where it is named, and nothing outside the folder is asked for",
  Effect.gen(function* () {
    const asked: Array<string> = []
    const read: ReadBeside = (source, name) => {
      asked.push(name)
      return beside(source, name)
    }
    const wrong: ReadonlyArray<readonly [string, string]> = [
      ["none.json", 'file "none.json" is not there'],
      ["list.json", 'file "list.json" is no JSON object'],
      ["odd.json", "is no JSON Schema that can be checked"],
      ["../answer.json", "is not beside or below the pipeline"],
      ["/etc/passwd", "is not beside or below the pipeline"],
      ["shapes//report.json", "is not beside or below the pipeline"],
      ["constructor", 'file "constructor" is not there'],
    ]
    for (const [name, message] of wrong) {
      const found = yield* Effect.result(resolved(main(name), read))
      const first =
        Result.isFailure(found) && found.failure._tag === "Invalid" ? found.failure.diagnostics : []
      expect(first.map(({ line, path }) => [line, path])).toEqual([[7, "step.a.output_schema"]])
      expect(first[0]?.message).toContain(message)
    }
    expect(asked.filter((name) => /\.\.|^\/|\/\//.test(name))).toEqual([])
    expect(yield* names(pipeline("../answer.json"), "main.toml")).toEqual(["shapes/report.json"])
  }),
)

effect(
  "a file is no larger than a pipeline",
  Effect.gen(function* () {
    const found = yield* Effect.result(
      resolved(main("answer.json"), () => Effect.succeed(`{"description":"${"x".repeat(256 * 1024)}"}`)),
    )
    expect(Result.isFailure(found) ? found.failure.message : "").toContain(
      'file "answer.json" is larger than 256 KB',
    )
  }),
)
