/** Everything that can be said about a pipeline before it runs. */
import type { Diagnostic } from "../toml/Toml.ts"
import type { Catalogued, Draft } from "./Draft.ts"
import { agents } from "./lint/agents.ts"
import { inputs } from "./lint/inputs.ts"
import { modifiers } from "./lint/modifiers.ts"
import { prompt } from "./lint/prompt.ts"
import { references } from "./lint/references.ts"
import { templates } from "./lint/templates.ts"
import { tests } from "./lint/tests.ts"
import type { Plan } from "./Plan.ts"
import { warning } from "./Problem.ts"

export interface Surroundings {
  readonly catalogue: Catalogued
  /** The plans of this file's `pipeline` steps, as far as they could be resolved. */
  readonly pipelines: ReadonlyMap<string, Plan>
  /** `false`: the run belongs to no project. Left out: not known. */
  readonly project?: boolean | undefined
}

/** Errors and warnings of one file. */
export const findings = (
  draft: Draft,
  { catalogue, pipelines, project }: Surroundings,
): ReadonlyArray<Diagnostic> => [
  ...draft.diagnostics,
  ...references(draft),
  ...agents(draft, catalogue),
  ...modifiers(draft),
  ...templates(draft),
  ...inputs(draft, pipelines),
  ...prompt(draft),
  ...tests(draft, pipelines),
  ...(project === false ? withoutProject(draft) : []),
]

const withoutProject = (draft: Draft) =>
  [...draft.steps.values()].flatMap(({ id, templates }) =>
    templates
      .filter(({ text }) => /\{\{\s*project\.name\s*\}\}/.test(text))
      .map(({ at }) =>
        warning(
          draft.document,
          ["step", id, ...at],
          "{{ project.name }} is empty: the run belongs to no project",
        ),
      ),
  )
