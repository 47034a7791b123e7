/** A small catalogue for tests: three agents, core's conditions over real programs, and a plugin's kind of step. */
import { Effect, Schema } from "effect"
import { conditions } from "../pipeline/conditions/index.ts"
import { kinds } from "../pipeline/kinds/index.ts"
import { type Sources, resolve } from "../pipeline/Resolve.ts"
import type { Source } from "../pipeline/Plan.ts"
import type { Supports } from "../plugin/Agent.ts"
import { type Catalogue, empty, type ProgramAgentHandle, type StepHandle } from "../plugin/Catalogue.ts"
import * as Field from "../plugin/Field.ts"
import { of as failure } from "../plugin/Failure.ts"
import { type Finished, Processes, ProgramMissing } from "../services/Processes.ts"

/** Launches `program` with the prompt as its last argument; fails where a decoder would be needed. */
export const fakeAgent = (id: string, supports: Supports, program = id): ProgramAgentHandle => ({
  plugin: id,
  summary: `Runs ${id}.`,
  kind: "program",
  id,
  supports,
  launch: ({ prompt, model }) =>
    Effect.succeed({ program, args: [...(model === undefined ? [] : ["--model", model]), "--", prompt] }),
  decoder: () => Effect.fail(failure("crashed", "A fake agent is never started.")),
  probe: undefined,
  client: undefined,
})

const able: Supports = {
  resume: true,
  fork: true,
  permission: ["restricted", "auto", "bypass"],
  model: true,
  output_schema: true,
  system_prompt: true,
}

/** `claude` and `codex` can do everything, `opencode` can be given a model and nothing else. */
export const agents = new Map(
  [fakeAgent("claude", able), fakeAgent("codex", able), fakeAgent("opencode", { model: true })].map(
    (agent) => [agent.id, agent] as const,
  ),
)

/** A plugin's kind that runs one other step and has a template. */
export const announce: StepHandle = {
  plugin: "coordination",
  type: "announce",
  summary: "Tells everyone what is being done, then does it.",
  config: Schema.Struct({
    text: Field.required(Schema.String, "What is told."),
    step: Field.optional(Schema.String, "The step that is run."),
  }) as never,
  steps: (config) => {
    const { step } = config as { step?: string }
    return step === undefined ? [] : [{ at: ["step"], step }]
  },
  templates: (config) => [{ at: ["text"], text: (config as { text: string }).text }],
  run: () => Effect.succeed({ text: "told" }),
}

/** Really starts programs. Nothing is limited: for short programs that are known to end. */
export const processes: Processes["Service"] = Processes.of({
  run: ({ program, args, cwd, env }) =>
    Effect.promise(async (): Promise<Finished> => {
      const child = Bun.spawn([program, ...args], {
        cwd,
        env: { ...process.env, ...env },
        stdout: "pipe",
        stderr: "pipe",
      })
      const [stdout, stderr, code] = await Promise.all([
        child.stdout.text(),
        child.stderr.text(),
        child.exited,
      ])
      return { code, signal: null, stdout, stderr, truncated: false, duration_ms: 0 }
    }),
  open: ({ program }) => Effect.fail(new ProgramMissing({ program, detail: "nobody speaks here" })),
  which: (program) => {
    const path = Bun.which(program)
    return path === null
      ? Effect.fail(new ProgramMissing({ program, detail: "not found on PATH" }))
      : Effect.succeed(path)
  },
})

export const catalogue: Catalogue = {
  ...empty,
  agents,
  steps: new Map([["announce", announce]]),
  conditions: conditions({ processes, env: { CI: "true", EMPTY: "" } }),
}

/** Pipelines by id, each as `pipelines/<id>.toml`. */
export const sourcesOf = (texts: Readonly<Record<string, string>>): Sources => {
  const all = Object.entries(texts).map(([id, text]): Source => ({ id, file: `pipelines/${id}.toml`, text }))
  return {
    get: (id) => Effect.succeed(all.find((source) => source.id === id)),
    list: Effect.succeed(all.map(({ id }) => ({ id }))),
  }
}

/** The plan of the first text. */
export const planOf = (texts: Readonly<Record<string, string>>) =>
  resolve(sourcesOf(texts), Object.keys(texts)[0] ?? "", catalogue, kinds)
