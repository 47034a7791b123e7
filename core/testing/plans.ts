/** Plans from TOML text, against agents that exist by name only. */
import { Effect } from "effect"
import { conditions } from "../pipeline/conditions/index.ts"
import { kinds } from "../pipeline/kinds/index.ts"
import type { Plan } from "../pipeline/Plan.ts"
import { resolve } from "../pipeline/Resolve.ts"
import { type AgentHandle, type Catalogue, empty } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import { type Processes, ProgramMissing } from "../services/Processes.ts"

const agentNamed = (id: string): AgentHandle => ({
  plugin: "test",
  summary: id,
  kind: "program",
  id,
  supports: {
    resume: id === "resumer",
    fork: id === "resumer",
    model: true,
    output_schema: true,
    permission: ["auto"],
    system_prompt: true,
  },
  launch: () => Failure.of("missing_program", "never started"),
  decoder: () => Failure.of("missing_program", "never started"),
  probe: undefined,
  client: undefined,
})

/** A machine without programs: the conditions that start one say so. */
const processes: Processes["Service"] = {
  run: ({ program }) => new ProgramMissing({ program, detail: "no programs here" }),
  open: ({ program }) => new ProgramMissing({ program, detail: "no programs here" }),
  which: (program) => new ProgramMissing({ program, detail: "no programs here" }),
}

export const catalogue: Catalogue = {
  ...empty,
  conditions: conditions({ processes, env: { CI: "1" } }),
  agents: new Map(["a", "b", "c", "resumer", "claude", "codex"].map((id) => [id, agentNamed(id)])),
  steps: kinds,
}

/** `files`: the text of the pipeline `main`, or several by id. */
export const plan = (files: string | Readonly<Record<string, string>>): Effect.Effect<Plan> => {
  const all = typeof files === "string" ? { main: files } : files
  const sources = {
    get: (id: string) =>
      Effect.succeed(all[id] === undefined ? undefined : { id, file: `${id}.toml`, text: all[id] }),
    list: Effect.succeed(Object.keys(all).map((id) => ({ id }))),
  }
  return Effect.orDie(resolve(sources, "main", catalogue, kinds))
}
