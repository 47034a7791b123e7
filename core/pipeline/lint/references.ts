/** Names of steps: that they exist, lead nowhere twice, never back, and are reached. */
import { closest } from "../../toml/Diagnostic.ts"
import { type Diagnostic, didYouMean, type Path } from "../../toml/Toml.ts"
import type { StepReference } from "../../plugin/Step.ts"
import { type Draft, type DraftStep, stringsAt } from "../Draft.ts"
import * as Graph from "../Graph.ts"
import { error, keyError, warning } from "../Problem.ts"

const MAX_DEPTH = 32
const MAX_RUNS = 10_000

export const references = (draft: Draft): ReadonlyArray<Diagnostic> => {
  const named = [
    ...missing(draft),
    ...twice(draft),
    ...[...draft.steps.values()].flatMap((step) => own(draft, step)),
  ]
  const cycles = Graph.cycles(draft).map(({ step, reference, path }) =>
    error(
      draft.document,
      ["step", step, ...reference.at],
      `step ${JSON.stringify(reference.step)} would run itself: ${path.join(" → ")}`,
    ),
  )
  return [...named, ...cycles, ...(cycles.length > 0 ? [] : [...tooMuch(draft), ...unreached(draft)])]
}

const missing = (draft: Draft) => [
  ...draft.run
    .filter(({ step }) => !draft.steps.has(step))
    .map(({ at, step }) => error(draft.document, at, noStep(step, [...draft.steps.keys()]))),
  ...[...draft.steps.values()].flatMap(({ id, references }) =>
    references
      .filter(({ step }) => !draft.steps.has(step))
      .map(({ at, step }) =>
        error(draft.document, ["step", id, ...at], noStep(step, choices(draft, id, step))),
      ),
  ),
]

/** Steps that are not on the contents page are what others run; unless the name is nearly one that is. */
const choices = (draft: Draft, id: string, step: string): ReadonlyArray<string> => {
  const listed = draft.run.map((reference) => reference.step)
  const others = [...draft.steps.keys()].filter((name) => name !== id)
  const inner = others.filter((name) => !listed.includes(name))
  return inner.length === 0 || closest(step, others) !== closest(step, inner) ? others : inner
}

const SHORT = 8

/** A short list needs no guess. */
export const noStep = (step: string, known: ReadonlyArray<string>): string => {
  const names =
    0 < known.length && known.length <= SHORT ? `Known: ${known.join(", ")}.` : didYouMean(step, known)
  return `no step ${JSON.stringify(step)}. ${names}`
}

/** The same step twice in one list. Two cases of a switch may share one. */
const twice = (draft: Draft) => [
  ...repeated(draft, [], draft.run),
  ...[...draft.steps.values()].flatMap(({ id, references }) =>
    repeated(
      draft,
      ["step", id],
      references.filter(({ at }) => at.length === 2 && typeof at[1] === "number"),
    ),
  ),
]

const repeated = (draft: Draft, base: Path, list: ReadonlyArray<StepReference>) =>
  list
    .filter(({ at, step }, index) =>
      list.slice(0, index).some((other) => other.step === step && other.at[0] === at[0]),
    )
    .map(({ at, step }) =>
      error(draft.document, [...base, ...at], `names ${JSON.stringify(step)} a second time`),
    )

/** What single kinds of core ask for. */
const own = (draft: Draft, step: DraftStep): ReadonlyArray<Diagnostic> => {
  if (step.config === undefined) return []
  switch (step.type) {
    case "fallback":
      return fallback(draft, step)
    case "loop":
      return loop(draft, step)
    case "switch":
      return step.table["else"] === undefined
        ? [warning(draft.document, ["step", step.id], "has no else: it is skipped when no case holds")]
        : []
    default:
      return []
  }
}

const fallback = (draft: Draft, { id, table }: DraftStep) => {
  const candidates = stringsAt(table["try"])
  const listed = new Set(draft.run.map(({ step }) => step))
  return candidates
    .filter(([, step]) => listed.has(step))
    .map(([index, step]) =>
      warning(
        draft.document,
        ["step", id, "try", index],
        `step ${JSON.stringify(step)} is in run too, so it runs twice`,
      ),
    )
}

const loop = (draft: Draft, { id, table }: DraftStep) => {
  const until = typeof table["until"] === "string" ? draft.steps.get(table["until"]) : undefined
  return until === undefined || until.type === "verify"
    ? []
    : [
        error(
          draft.document,
          ["step", id, "until"],
          `step "${until.id}" is of type ${until.type}: a loop ends by a verify step`,
        ),
      ]
}

const tooMuch = (draft: Draft) => {
  const depth = Graph.depth(draft)
  const size = Graph.size(draft)
  const roots = draft.run.filter(({ step }) => draft.steps.has(step))
  const runs = roots.reduce((sum, { step }) => sum + size(step), 0)
  return [
    ...roots
      .filter(({ step }) => depth(step) > MAX_DEPTH)
      .map(({ at, step }) =>
        error(
          draft.document,
          at,
          `step "${step}" nests ${depth(step)} steps, at most ${MAX_DEPTH} are allowed`,
        ),
      ),
    ...(runs > MAX_RUNS
      ? [
          error(
            draft.document,
            ["run"],
            `would run more than ${MAX_RUNS.toLocaleString("en")} steps: shared steps multiply`,
          ),
        ]
      : []),
  ]
}

const unreached = (draft: Draft) => {
  // A step that cannot be read, or a name that is misspelt, may be what runs them.
  if (missing(draft).length > 0 || [...draft.steps.values()].some(({ config }) => config === undefined))
    return []
  const reached = Graph.reached(draft)
  return [...draft.steps.keys()]
    .filter((id) => !reached.has(id))
    .map((id) => ({
      ...keyError(draft.document, ["step", id], "never runs: neither run nor a step that runs names it"),
      severity: "warning" as const,
    }))
}
