/** What a run is given, against what its pipeline declares. */
import { Effect, Schema } from "effect"
import { didYouMean } from "../toml/Toml.ts"
import type { InputSpec, Plan } from "./Plan.ts"

export class InputRefused extends Schema.TaggedError<InputRefused>()("InputRefused", {
  pipeline: Schema.String,
  /** One sentence for each input that is wrong. */
  problems: Schema.Array(Schema.String),
}) {
  override get message() {
    return `pipeline "${this.pipeline}": ${this.problems.join("; ")}`
  }
}

type Declared = Pick<Plan, "id" | "inputs">
type Given = Readonly<Record<string, unknown>>

/**
 * The run's inputs, with defaults. The command line gives strings: `"3"` is a number, `"true"` a boolean, `"a, b"` a list.
 *
 * The prompt fills `task`, else `prompt`, else the only required string that is not given. Fails with all that is wrong.
 */
export const checkInput = Effect.fn("Pipeline.checkInput")(function* (
  plan: Declared,
  given: Given,
  prompt: string,
) {
  const problems = unknownNames(plan, given)
  const all = withPrompt(plan.inputs, given, prompt)
  const values: Record<string, unknown> = {}
  for (const [name, spec] of plan.inputs) {
    const value = read(name, spec, all[name])
    if ("problem" in value) problems.push(value.problem)
    else if (value.value !== undefined) values[name] = value.value
  }
  if (problems.length > 0) return yield* new InputRefused({ pipeline: plan.id, problems })
  return values
})

/** The input that the prompt of a dispatch fills, when these are given otherwise. */
export const promptTarget = (inputs: Plan["inputs"], given: ReadonlyArray<string>): string | undefined => {
  const named = ["task", "prompt"].find((name) => inputs.get(name)?.type === "string")
  if (named !== undefined) return given.includes(named) ? undefined : named
  const open = [...inputs].filter(
    ([name, spec]) =>
      spec.type === "string" && spec.required && spec.default === undefined && !given.includes(name),
  )
  return open.length === 1 ? open[0]![0] : undefined
}

const unknownNames = ({ inputs }: Declared, given: Given): Array<string> =>
  Object.keys(given)
    .filter((name) => !inputs.has(name))
    .map((name) => `no input ${JSON.stringify(name)}. ${didYouMean(name, [...inputs.keys()])}`)

const withPrompt = (inputs: Plan["inputs"], given: Given, prompt: string): Given => {
  const target = prompt === "" ? undefined : promptTarget(inputs, Object.keys(given))
  return target === undefined ? given : { ...given, [target]: prompt }
}

type Read = { readonly value: unknown } | { readonly problem: string }

const read = (name: string, spec: InputSpec, raw: unknown): Read => {
  if (raw === undefined && spec.default !== undefined) return { value: spec.default }
  if (raw === undefined) return spec.required ? { problem: missing(name, spec) } : { value: undefined }
  const value = readers[spec.type](raw)
  return value === undefined
    ? { problem: `input "${name}" must be ${EXPECTED[spec.type]}, got ${show(raw)}` }
    : { value }
}

const missing = (name: string, { type, description }: InputSpec) => {
  const asPrompt =
    type === "string" && (name === "task" || name === "prompt") ? "as the prompt, or with " : "with "
  const purpose = description === undefined || description === "" ? "" : ` (${description})`
  return `input "${name}" is required${purpose}: give it ${asPrompt}--input ${name}=…`
}

const EXPECTED = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  list: "a list of strings",
}

const readers: Readonly<Record<InputSpec["type"], (raw: unknown) => unknown>> = {
  string: (raw) => (typeof raw === "string" ? raw : undefined),
  number: (raw) => {
    const number = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw
    return typeof number === "number" && Number.isFinite(number) ? number : undefined
  },
  boolean: (raw) =>
    typeof raw === "boolean" ? raw : raw === "true" ? true : raw === "false" ? false : undefined,
  list: (raw) => {
    const list = typeof raw === "string" ? raw.split(",").map((entry) => entry.trim()) : raw
    if (!Array.isArray(list) || !list.every((entry) => typeof entry === "string")) return undefined
    return list.filter((entry) => entry !== "")
  },
}

const show = (raw: unknown) => {
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
