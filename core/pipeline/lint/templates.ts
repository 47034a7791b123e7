/** Gaps in texts: that each can be filled, and by something that exists by then. */
import { type Diagnostic, didYouMean, type Path, type TomlDocument } from "../../toml/Toml.ts"
import { valueAt } from "../../toml/Value.ts"
import type { Draft, DraftStep } from "../Draft.ts"
import * as Graph from "../Graph.ts"
import { error } from "../Problem.ts"
import * as Template from "../Template.ts"
import { noStep } from "./references.ts"

interface Place {
  readonly draft: Draft
  readonly step: DraftStep
  /** Steps that can have ended before; undefined when the steps run in circles. */
  readonly before: ReadonlySet<string> | undefined
  readonly inLoop: boolean
  /** A step that never runs is said to be so, and that is enough. */
  readonly runs: boolean
}

export const templates = (draft: Draft): ReadonlyArray<Diagnostic> => {
  const circular = Graph.cycles(draft).length > 0
  const before = circular ? undefined : Graph.before(draft)
  const inside = circular ? undefined : Graph.descendants(draft)
  const reached = Graph.reached(draft)
  const loops = [...draft.steps.values()].filter(({ type }) => type === "loop")
  return [...draft.steps.values()].flatMap((step) => {
    const inLoop = inside === undefined || loops.some(({ id }) => inside(id).has(step.id))
    const place = { draft, step, before: before?.get(step.id), inLoop, runs: reached.has(step.id) }
    return step.templates.flatMap(({ at, text }) => template(place, ["step", step.id, ...at], text))
  })
}

const template = (place: Place, path: Path, text: string): ReadonlyArray<Diagnostic> =>
  gaps(place.draft.document, path, text, (reference) => problemOf(place, reference))

/** What is wrong with a text, each where it stands. */
export const gaps = (
  document: TomlDocument,
  path: Path,
  text: string,
  problemOf: (reference: Template.Reference) => string | undefined,
): ReadonlyArray<Diagnostic> => {
  const parsed = Template.parse(text)
  const wrong = Template.gaps(parsed).flatMap(({ reference, source }) => {
    const message = problemOf(reference)
    return message === undefined ? [] : [{ source, message: `${source.replace(/\s+/g, " ")}: ${message}` }]
  })
  return [...parsed.problems, ...wrong].map(({ source, message }) =>
    within(document, path, source, error(document, path, message)),
  )
}

const problemOf = (place: Place, [root = "", ...rest]: Template.Reference): string | undefined => {
  if (root === "input") return inputProblem(place.draft, rest)
  if (root === "steps") return stepProblem(place, rest)
  const names = Object.hasOwn(Template.roots, root) ? Template.roots[root] : undefined
  if (names === undefined)
    return `no name ${JSON.stringify(root)}. ${didYouMean(root, Object.keys(Template.roots))}`
  if (rest.length !== 1 || !names.includes(rest[0] ?? ""))
    return `${root} has ${names.join(", ")} and nothing else`
  return root === "loop" && !place.inLoop ? "is known inside a loop only" : undefined
}

export const inputProblem = (draft: Draft, [name, ...more]: Template.Reference) => {
  if (name === undefined || more.length > 0) return "an input is named as input.NAME"
  return draft.inputs.has(name)
    ? undefined
    : `no input ${JSON.stringify(name)}. ${didYouMean(name, [...draft.inputs.keys()])}`
}

const stepProblem = ({ draft, step, before, runs }: Place, [id, what, ...path]: Template.Reference) => {
  if (
    id === undefined ||
    (what !== "answer" && what !== "data") ||
    (what === "answer") !== (path.length === 0)
  )
    return "a step gives steps.ID.answer or steps.ID.data.PATH"
  if (!draft.steps.has(id))
    return noStep(
      id,
      [...draft.steps.keys()].filter((name) => name !== step.id),
    )
  return before === undefined || before.has(id) || !runs
    ? undefined
    : `step "${id}" cannot have run before this one`
}

/** Points into a text of several lines, where the gap stands in the file as it stands in the text. */
const within = (document: TomlDocument, path: Path, source: string, found: Diagnostic): Diagnostic => {
  const value = valueAt(document.value, path)
  const lines = document.text.replace(/^\uFEFF/, "").split("\n")
  if (typeof value !== "string") return found
  const last = Math.min(found.line + value.split("\n").length, lines.length)
  for (let line = found.line; line <= last; line++) {
    const column = (lines[line - 1] ?? "").indexOf(source, line === found.line ? found.column - 1 : 0)
    if (column >= 0) return { ...found, line, column: column + 1 }
  }
  return found
}
