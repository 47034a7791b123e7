/** The JSON Schema of pipeline files, for editors: made from the schemas that decode them. */
import type { ConditionHandle, StepHandle } from "../plugin/Catalogue.ts"
import { PipelineFile } from "../pipeline/Document.ts"
import { StepModifiers } from "../pipeline/Modifiers.ts"
import { isTable, type Json, shapeOf, tableOf } from "./Shape.ts"

export interface Language {
  readonly kinds: Iterable<StepHandle>
  readonly conditions: Iterable<ConditionHandle>
}

/** Types that are not among `kinds` are let through: a plugin may bring them. */
export const pipelineSchema = (language: Language): string => {
  const file = shapeOf(PipelineFile)
  const steps = [...language.kinds].map(stepOf)
  const properties = tableOf(file.schema["properties"])
  const { default: _, ...step } = tableOf(properties["step"])
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "hub pipeline",
    ...file.schema,
    properties: { ...properties, step: { ...step, additionalProperties: { $ref: "#/definitions/step" } } },
    definitions: {
      ...file.definitions,
      ...Object.assign({}, ...steps.map(({ definitions }) => definitions)),
      step: { anyOf: [...steps.map(({ schema }) => schema), foreign(steps.map(({ type }) => type))] },
      when: whenOf([...language.conditions]),
    },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const stepOf = (kind: StepHandle) => {
  const { schema, definitions } = shapeOf(kind.config)
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  const step = {
    title: kind.type,
    description: kind.summary,
    ...schema,
    properties: {
      type: { const: kind.type, description: kind.summary },
      ...(linked(tableOf(schema["properties"])) as Json),
      ...modifiers(),
    },
    required: ["type", ...required],
    additionalProperties: false,
  }
  return { type: kind.type, schema: step, definitions }
}

const foreign = (types: ReadonlyArray<string>) => ({
  title: "a plugin's type of step",
  type: "object",
  properties: { type: { type: "string", not: { enum: types } }, ...modifiers() },
  required: ["type"],
})

const modifiers = () => linked(tableOf(shapeOf(StepModifiers).schema["properties"])) as Json

/** Points every `when` at the condition tables. */
const linked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(linked)
  if (!isTable(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "when" && isTable(inner) ? { allOf: [WHEN], description: inner["description"] } : linked(inner),
    ]),
  )
}

const WHEN = { $ref: "#/definitions/when" }

const whenOf = (conditions: ReadonlyArray<ConditionHandle>) => ({
  type: "object",
  minProperties: 1,
  properties: {
    ...Object.fromEntries(
      conditions.map(({ id, summary, config }) => [id, { ...shapeOf(config).schema, description: summary }]),
    ),
    all: { type: "array", minItems: 1, items: WHEN, description: "All of these tables hold." },
    any: { type: "array", minItems: 1, items: WHEN, description: "One of these tables holds." },
    not: { allOf: [WHEN], description: "This table does not hold." },
  },
  additionalProperties: false,
})
