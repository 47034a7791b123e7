/** Inputs: those a pipeline declares, and those it hands to another one. */
import { type Diagnostic, didYouMean } from "../../toml/Toml.ts"
import { type Draft, isTable } from "../Draft.ts"
import { promptTarget } from "../Input.ts"
import type { Plan } from "../Plan.ts"
import { error, keyError, warning } from "../Problem.ts"

/** `pipelines`: the resolved plans of `pipeline` steps. */
export const inputs = (draft: Draft, pipelines: ReadonlyMap<string, Plan>): ReadonlyArray<Diagnostic> => [
  ...declared(draft),
  ...[...draft.steps.values()].flatMap(({ id, type, table }) => {
    const { pipeline } = table
    const target = type === "pipeline" && typeof pipeline === "string" ? pipelines.get(pipeline) : undefined
    return target === undefined ? [] : handed(draft, id, target, table["input"])
  }),
]

const declared = (draft: Draft) =>
  [...draft.inputs].flatMap(([name, spec]) =>
    spec.required && spec.default !== undefined
      ? [warning(draft.document, ["input", name, "required"], "has a default, so it is never missing")]
      : [],
  )

const handed = (draft: Draft, id: string, target: Plan, input: unknown): ReadonlyArray<Diagnostic> => {
  const given = isTable(input) ? Object.keys(input) : []
  const unknown = given
    .filter((name) => !target.inputs.has(name))
    .map((name) => {
      const known = didYouMean(name, [...target.inputs.keys()])
      const message = `pipeline "${target.id}" has no input ${JSON.stringify(name)}. ${known}`
      return keyError(draft.document, ["step", id, "input", name], message)
    })
  const filled = promptTarget(target.inputs, given)
  const open = [...target.inputs].filter(
    ([name, spec]) => spec.required && spec.default === undefined && !given.includes(name) && name !== filled,
  )
  const missing = open.map(([name]) =>
    error(draft.document, ["step", id, "input"], `pipeline "${target.id}" requires the input "${name}"`),
  )
  return [...unknown, ...missing]
}
