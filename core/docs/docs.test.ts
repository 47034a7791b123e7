import { describe, expect, test } from "bun:test"
import { Effect, Schema } from "effect"
import { conditions } from "../pipeline/conditions/index.ts"
import { kinds } from "../pipeline/kinds/index.ts"
import * as Field from "../plugin/Field.ts"
import { announce, processes } from "../testing/catalogue.ts"
import { parse } from "../toml/Toml.ts"
import { pipelineReference } from "./PipelineReference.ts"
import { pipelineSchema } from "./PipelineSchema.ts"
import { isOurs, readme, sample } from "./PluginPage.ts"

const language = {
  kinds: [...kinds.values(), announce],
  conditions: [...conditions({ processes, env: {} }).values()],
}

const plugin = {
  id: "agent-acme",
  summary: "Runs Acme Coder as an agent.",
  config: Schema.Struct({
    program: Field.withDefault(Schema.String, "acme", "Program to start."),
    url: Field.required(Schema.NonEmptyString, 'Where Acme listens: a | b, "c".'),
    level: Field.required(Schema.Literals(["low", "high"]), "How much."),
    wait: Field.optional(Field.Span, "How long."),
    rule: Field.withDefault(
      Schema.Array(Schema.Struct({ when: Field.required(Schema.String, "What is meant.") })),
      [],
      "Rules.",
    ),
  }),
  contributes: [{ kind: "agent", id: "acme", summary: "Acme Coder." }],
}

test("the reference lists every type of step, condition and failure class", () => {
  const text = pipelineReference(language)
  for (const { type, summary } of language.kinds) expect(text).toContain(`### \`${type}\`\n\n${summary}\n`)
  for (const { id, summary } of language.conditions) expect(text).toContain(`### \`${id}\`\n\n${summary}\n`)
  expect(text).toContain("| `quota_exhausted` | the account's window is used up | never | yes |")
  expect(text).toContain('| `retry.max` | string | `"1 minute"` | The longest pause.')
})

test("the schema of pipelines closes the tables that it knows and points every when at the conditions", () => {
  const schema = JSON.parse(pipelineSchema(language))
  const steps: ReadonlyArray<{ title: string; additionalProperties?: boolean }> =
    schema.definitions.step.anyOf
  expect(steps.map(({ title }) => title)).toEqual([...kinds.keys(), "announce", "a plugin's type of step"])
  expect(steps.slice(0, -1).every(({ additionalProperties }) => additionalProperties === false)).toBe(true)
  const switch_ = schema.definitions.step.anyOf.find(({ title }: { title: string }) => title === "switch")
  expect(switch_.required).toEqual(["type", "cases"])
  expect(switch_.properties.cases.items.properties.when.allOf).toEqual([{ $ref: "#/definitions/when" }])
  expect(switch_.properties.when.allOf).toEqual([{ $ref: "#/definitions/when" }])
  const known = Object.keys(schema.definitions.when.properties)
  expect(known).toEqual("failed changed env input project time all any not".split(" "))
})

describe("a plugin's README", () => {
  const block = `<!-- reference: written by \`bun run docs\` -->

## Config

| key | type | default | meaning |
| --- | --- | --- | --- |
| \`program\` | string | \`"acme"\` | Program to start. |
| \`url\` | string | required | Where Acme listens: a \\| b, "c". |
| \`level\` | \`low\`, \`high\` | required | How much. |
| \`wait\` | string |  | How long. |
| \`rule\` | list of tables | \`[]\` | Rules. |
| \`rule[].when\` | string | required | What is meant. |

## Contributions, as \`sample.toml\` configures it

* agent \`acme\`: Acme Coder.

<!-- /reference -->`

  test("gets its block at the end, and keeps what a person wrote around it", () => {
    expect(readme(undefined, plugin)).toBe(`# agent-acme\n\nRuns Acme Coder as an agent.\n\n${block}\n`)
    const own = `# Acme\n\nBefore.\n\n${block.replace("Program to start.", "Old.")}\n\nAfter.\n`
    expect(readme(own, plugin)).toBe(`# Acme\n\nBefore.\n\n${block}\n\nAfter.\n`)
  })

  test("is the same when it is written again", () => {
    const once = readme("# Acme\n", plugin)
    expect(readme(once, plugin)).toBe(once)
  })
})

test("a sample is TOML that decodes as soon as it is there", async () => {
  const text = sample(plugin)
  expect(text).toBe(`# Written by \`bun run docs\`. Delete this line to keep the file as it is.
# Runs Acme Coder as an agent.
[plugin.acme]
use = "agent-acme"

[plugin.acme.config]
# Program to start.
# program = "acme"
# Where Acme listens: a | b, "c".
url = "…"
# How much.
level = "low"
# How long.
# wait = "…"
# Rules.
# rule = []
`)
  const { value } = await Effect.runPromise(parse(text, "sample.toml"))
  const { plugin: instances } = value as { plugin: { acme: { config: unknown } } }
  const config = await Effect.runPromise(Schema.decodeUnknownEffect(plugin.config)(instances.acme.config))
  expect(config).toEqual({ program: "acme", url: "…", level: "low", rule: [] })
  expect([isOurs(text), isOurs(undefined), isOurs("# mine\n")]).toEqual([true, true, false])
})
