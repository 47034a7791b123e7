/** A pipeline as a prompt that a client's user may choose: what it asks for, and what the client's model is told then. */
import { Effect } from "effect"
import type { PromptTable } from "./Document.ts"
import { checkInput, promptTarget } from "./Input.ts"
import type { InputSpec, Plan } from "./Plan.ts"
import * as Template from "./Template.ts"

export type Offered = Pick<Plan, "description" | "id" | "inputs"> & { readonly prompt: PromptTable }

export interface Argument {
  readonly name: string
  readonly description: string
  readonly required: boolean
  /** Absent for those that are no inputs. */
  readonly input?: InputSpec | undefined
}

export type Arguments = Readonly<Record<string, string | undefined>>

/** The inputs, and what a dispatch needs besides; those that are required first. An input keeps its name to itself. */
export const argumentsOf = ({ inputs }: Offered): ReadonlyArray<Argument> => {
  const own = [...inputs].map(([name, input]) => ({
    name,
    description: descriptionOf(input),
    required: input.required && input.default === undefined,
    input,
  }))
  const more = besides.filter(({ name }) => !inputs.has(name))
  const fills = promptTarget(inputs, []) !== undefined
  return [...own, ...more.filter(({ name }) => !fills || name !== "prompt")].toSorted(
    (a, b) => Number(b.required) - Number(a.required),
  )
}

const besides: ReadonlyArray<Argument> = [
  { name: "prompt", description: "What to do, where there is more to say.", required: false },
  { name: "project", description: "Name from projects.toml of the project to work in.", required: false },
  { name: "cwd", description: "Absolute folder to work in, instead of a project.", required: false },
]

const forms = { string: "", number: "A number.", boolean: "true or false.", list: "Separated by commas." }

const descriptionOf = ({ default: value, description = "", type }: InputSpec): string =>
  [description, forms[type], value === undefined ? "" : `${JSON.stringify(value)} when left out.`]
    .filter((part) => part !== "")
    .join(" ")

/** What an argument may be, as far as its kind tells. */
export const valuesOf = ({ input }: Argument): ReadonlyArray<string> => {
  if (input?.type === "boolean") return ["true", "false"]
  return typeof input?.default === "string" && input.default !== "" ? [input.default] : []
}

/** Fails with `InputRefused` where the dispatch would, and with a `Failure` where the text becomes too long. */
export const message = Effect.fn("Prompt.message")(function* (offered: Offered, all: Arguments) {
  const given = Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== ""),
  ) as Given
  const { request, values } = yield* read(offered, given)
  const { text } = offered.prompt
  const opening = text === undefined ? summaryOf(offered) : yield* Template.fill(text, valuesFor(values))
  return [opening.trimEnd(), calling, JSON.stringify(request, null, 2), next(request)].join("\n\n")
})

type Given = Readonly<Record<string, string>>

const valuesFor = (input: Readonly<Record<string, unknown>>): Template.Values => ({
  input,
  steps: () => undefined,
  run: { id: "", prompt: "" },
  project: undefined,
})

/** What is given as the tool `dispatch` takes it, and the values of all inputs. */
const read = Effect.fnUntraced(function* (offered: Offered, given: Given) {
  const { id, inputs } = offered
  const target = promptTarget(inputs, [])
  const { [target ?? (inputs.has("prompt") ? "" : "prompt")]: prompt, ...rest } = given
  const own = {
    ...only(rest, (name) => inputs.has(name)),
    ...(prompt === undefined ? unfilled(inputs, target) : {}),
  }
  const values = yield* checkInput(offered, own, prompt ?? "")
  const input = only(values, (name) => name in own)
  const place = only(rest, (name) => !inputs.has(name))
  const request = {
    pipeline: id,
    prompt: prompt ?? summaryOf(offered),
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...place,
  }
  return { request, values }
})

/** An input that was left out stays so: what the dispatch has for a prompt must not fill it. */
const unfilled = (inputs: Plan["inputs"], target: string | undefined) => {
  const spec = target === undefined ? undefined : inputs.get(target)
  return spec === undefined || spec.required ? {} : { [String(target)]: spec.default ?? "" }
}

const only = <A>(record: Readonly<Record<string, A>>, wanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)))

export const summaryOf = ({ description, id, prompt }: Offered): string =>
  prompt.summary ?? (description === "" ? `Runs the pipeline ${id}.` : description)

const calling = "Hand this to hub. Call the tool `dispatch` with:"

const next = (request: object): string =>
  [
    ...("cwd" in request || "project" in request
      ? []
      : ["Add `cwd`: the absolute path of the folder that you work in."]),
    "It answers at once with a run_id. Call `check_dispatch` with that run_id and wait_seconds until the state is final, then tell the answer, or why there is none.",
  ].join("\n")
