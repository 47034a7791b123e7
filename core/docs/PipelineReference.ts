/** The reference of the pipeline language, from the schemas and tables that the hub runs by. */
import { classes } from "./Classes.ts"
import { code, keys, table } from "./Markdown.ts"
import type { Language } from "./PipelineSchema.ts"
import { InputTable, PipelineFile, PromptTable } from "../pipeline/Document.ts"
import { StepModifiers } from "../pipeline/Modifiers.ts"
import { roots } from "../pipeline/Template.ts"
import { TestTable } from "../pipeline/TestTables.ts"
import { type Json, type Shape, shapeOf, tableOf, typeOf } from "./Shape.ts"

export const pipelineReference = ({ kinds, conditions }: Language): string =>
  [
    "<!-- Written by `bun run docs` from the schemas; changes here are lost. -->",
    "# Pipelines: reference",
    "## A file",
    keys(fileShape()),
    "Names of steps, inputs and tests: letters, digits, `-` and `_`, a letter or digit first, at most 64. A file has at most 256 KB and 500 steps, nested at most 32 deep, and includes at most 20 other pipelines.",
    "### Inputs",
    "`[input.NAME]` declares one. The prompt of a dispatch fills `task`, else `prompt`, else the only required string that is not given.",
    inputKeys(),
    "### Prompt",
    "`[prompt]` offers the pipeline to the users of MCP clients: `/mcp__hub__NAME` in some, a menu in others. Its arguments are the inputs, besides `project` and `cwd`, and `prompt` where no input takes it. What the user chose becomes a message that asks the client's model to call `dispatch`. A pipeline that cannot run now, as an agent is missing, is not offered. The table may be empty.",
    keys(shapeOf(PromptTable)),
    "## Types of step",
    ...[...kinds].flatMap(({ type, summary, config }) => [
      `### ${code(type)}`,
      summary,
      keys(shapeOf(config)),
    ]),
    "## Modifiers",
    "Every step takes these. `[defaults]` takes them too, less `when`, for the steps that do work of their own: a step around other steps has only what it says itself.",
    keys(shapeOf(StepModifiers)),
    "## Conditions",
    "A table of conditions holds when all of its keys do. `all` and `any` take a list of such tables, `not` takes one.",
    ...[...conditions].flatMap(({ id, summary, config }) => [
      `### ${code(id)}`,
      summary,
      conditionKeys(shapeOf(config)),
    ]),
    "## Texts with gaps",
    "Names only, no expressions. Literal braces are written `{{{{`. What is filled in is not looked at again. A name that is known and has no value is empty; lists have one line for each entry; a filled text has at most 4 MB.",
    gaps(),
    "## Failure classes",
    "`retry`: does a `retry` without `on` repeat it. `fallback`: does a `fallback` without `on` take the next candidate. `never` is not changed by `on`.",
    table(["class", "meaning", "retry", "fallback"], classes()),
    "## Tests",
    "`[[test]]` tables are run by `hub pipeline test`: agents and commands are replaced by small programs that do what the table says.",
    keys(shapeOf(TestTable)),
  ].join("\n\n") + "\n"

/** Steps, inputs and tests have sections of their own. */
const fileShape = (): Shape => {
  const shape = shapeOf(PipelineFile)
  const properties = Object.entries(tableOf(shape.schema["properties"]))
  const flat = properties.map(([name, schema]) => [name, shallow(tableOf(schema))] as const)
  return { ...shape, schema: { ...shape.schema, properties: Object.fromEntries(flat) } }
}

const shallow = ({ type, description, items }: Json): Json => ({
  type,
  description,
  ...(items === undefined ? {} : { items: { type: tableOf(items)["type"] } }),
})

const inputKeys = () => {
  const { schema, definitions } = shapeOf(InputTable)
  const [first] = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : []
  const properties = tableOf(tableOf(first)["properties"])
  const type = {
    enum: ["string", "number", "boolean", "list"],
    description: "What it is; a list holds strings.",
  }
  const value = { description: tableOf(properties["default"])["description"] }
  return keys({
    schema: { ...tableOf(first), properties: { ...properties, type, default: value } },
    definitions,
  })
}

const conditionKeys = (shape: Shape) =>
  shape.schema["type"] === "object" ? keys(shape) : `Takes a ${typeOf(shape.schema, shape.definitions)}.`

const gaps = () =>
  table(
    ["gap", "filled with"],
    Object.entries(roots).flatMap(([root, names]) =>
      names.map((name) => [code(`{{ ${root}.${name} }}`), MEANINGS[`${root}.${name}`] ?? ""]),
    ),
  )

const MEANINGS: Readonly<Record<string, string>> = {
  "input.NAME": "an input of the run",
  "steps.ID.answer": "what a step answered; empty when it was skipped",
  "steps.ID.data.PATH": "a part of the answer as data; no such part is a failure",
  "run.id": "the id of the run",
  "run.prompt": "the prompt of the dispatch",
  "project.name": "the project's name; empty without one",
  "failure.message": "what the candidate before failed with, as a sentence",
  "failure.class": "the same as a class",
  "loop.round": "1, 2, 3 … inside a loop",
  "loop.check": "what the loop's check printed in the round before",
}
