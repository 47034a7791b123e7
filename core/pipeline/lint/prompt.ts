/** `[prompt]`: that its text can be filled, and that a person is told what it is for. */
import type { Diagnostic } from "../../toml/Toml.ts"
import { type Draft, isTable } from "../Draft.ts"
import { warning } from "../Problem.ts"
import type { Reference } from "../Template.ts"
import { gaps, inputProblem } from "./templates.ts"

export const prompt = (draft: Draft): ReadonlyArray<Diagnostic> => {
  const { description, document } = draft
  const table = document.value["prompt"]
  if (!isTable(table)) return []
  const { summary = description, text } = table
  return [
    ...(typeof text === "string"
      ? gaps(document, ["prompt", "text"], text, (reference) => problemOf(draft, reference))
      : []),
    ...(summary === "" && table["summary"] === undefined ? [warning(document, ["prompt"], unsaid)] : []),
  ]
}

const unsaid = "has no summary, and the pipeline has no description: nobody can tell what it is for"

const problemOf = (draft: Draft, [root, ...rest]: Reference) =>
  root === "input"
    ? inputProblem(draft, rest)
    : "is not known before the run is: a prompt knows input.NAME only"
