/** Modifiers that cannot do what they say. */
import { Duration } from "effect"
import { FailureClass } from "../../plugin/Failure.ts"
import { type Diagnostic, didYouMean, type Path } from "../../toml/Toml.ts"
import { allows, retried } from "../Classes.ts"
import { type Draft, type DraftStep, isTable } from "../Draft.ts"
import { error, warning } from "../Problem.ts"

export const modifiers = (draft: Draft): ReadonlyArray<Diagnostic> =>
  [...draft.steps.values()].flatMap((step) => [
    ...retry(draft, step),
    ...stall(draft, step),
    ...conditions(draft, ["step", step.id, "when"], step.table["when"]),
    ...cases(draft, step),
  ])

/** How a step that runs no agent can fail. */
const FAILS: Readonly<Record<string, ReadonlyArray<FailureClass>>> = {
  verify: ["verification_failed", "missing_program", "crashed", "timed_out", "stalled"],
  transform: ["bad_output", "context_too_long"],
}

const retry = (draft: Draft, { id, type, own }: DraftStep): ReadonlyArray<Diagnostic> => {
  if (own.retry === undefined) return []
  const path = ["step", id, "retry"]
  const { times, on } = own.retry
  if (times === 0)
    return [
      warning(draft.document, [...path, "times"], "this retry can never happen: it is repeated 0 times"),
    ]
  const possible = (name: FailureClass) => repeatable(name) && (FAILS[type]?.includes(name) ?? true)
  const wanted = on ?? FailureClass.literals.filter((name) => allows(retried, undefined, name))
  if (wanted.some(possible)) return never(draft, path, on ?? [])
  const reason = !wanted.some(repeatable)
    ? `${wanted.join(", ")} ${wanted.length === 1 ? "is" : "are"} never repeated`
    : `a ${type} step does not fail with ${wanted.join(", ")}`
  return [
    warning(
      draft.document,
      on === undefined ? path : [...path, "on"],
      `this retry can never happen: ${reason}`,
    ),
  ]
}

const never = (draft: Draft, path: Path, on: ReadonlyArray<FailureClass>) =>
  on.flatMap((name, index) =>
    repeatable(name) ? [] : [warning(draft.document, [...path, "on", index], `${name} is never repeated`)],
  )

const repeatable = (name: FailureClass) => allows(retried, new Set([name]), name)

const stall = (draft: Draft, { id, own }: DraftStep) =>
  own.stall !== undefined &&
  own.timeout !== undefined &&
  Duration.isGreaterThanOrEqualTo(own.stall, own.timeout)
    ? [warning(draft.document, ["step", id, "stall"], "never comes to pass: timeout is over before")]
    : []

const cases = (draft: Draft, { id, whens, table }: DraftStep) =>
  [...whens.keys()].flatMap((where) => {
    const [, key = "", index = ""] = /^(.*)\[(\d+)\]\.when$/.exec(where) ?? []
    const list = table[key]
    const entry: unknown = Array.isArray(list) ? list[Number(index)] : undefined
    return isTable(entry) ? conditions(draft, ["step", id, key, Number(index), "when"], entry["when"]) : []
  })

/** `input` conditions on inputs that are not declared. */
const conditions = (draft: Draft, path: Path, table: unknown): ReadonlyArray<Diagnostic> => {
  if (Array.isArray(table)) return table.flatMap((inner, index) => conditions(draft, [...path, index], inner))
  if (!isTable(table)) return []
  return Object.entries(table).flatMap(([key, value]) => {
    if (key === "all" || key === "any" || key === "not") return conditions(draft, [...path, key], value)
    const name = key === "input" && isTable(value) ? value["name"] : undefined
    if (typeof name !== "string" || draft.inputs.has(name)) return []
    return [
      error(
        draft.document,
        [...path, key, "name"],
        `no input ${JSON.stringify(name)}. ${didYouMean(name, [...draft.inputs.keys()])}`,
      ),
    ]
  })
}
