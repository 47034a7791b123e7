/** A kind of step: a `type`, a config schema and a function. */
import type { Effect, Schema } from "effect"
import type { Command } from "../services/Processes.ts"
import type { Answer, AgentRequest } from "./Agent.ts"
import type { Failure } from "./Failure.ts"
import type { PluginServices } from "./Plugin.ts"

/** What a step gives to the steps after it. */
export interface StepAnswer extends Answer {
  /** The step whose answer this is: the leaf, not the fallback or sequence around it. */
  readonly by: string
  /** The answers of a parallel step, by step id. */
  readonly answers?: Readonly<Record<string, string>> | undefined
}

/** Asks an agent once: the launch, the process, the decoding, the limits and the record are the hub's. */
export interface AgentCall extends Pick<
  AgentRequest,
  "prompt" | "model" | "system" | "permission" | "output_schema" | "env"
> {
  readonly agent: string
  readonly session?: AgentRequest["session"]
  readonly max_cost_usd?: number | undefined
}

export interface CommandResult {
  readonly code: number | null
  readonly signal: string | null
  /** stdout, then stderr: the last 64 KB. */
  readonly output: string
}

/** The run as a step sees it. */
export interface StepContext {
  /** The step's own id. */
  readonly id: string
  readonly run_id: string
  readonly cwd: string
  readonly project: { readonly name: string; readonly tags: ReadonlyArray<string> } | undefined
  readonly input: Readonly<Record<string, unknown>>
  /** Fills `{{ input.x }}`, `{{ steps.id.answer }}`, `{{ run.id }}`, `{{ project.name }}`. */
  readonly render: (template: string) => Effect.Effect<string, Failure>
  /** Runs another step of the pipeline, with its modifiers. `undefined`: it was skipped. */
  readonly step: (id: string) => Effect.Effect<StepAnswer | undefined, Failure>
  readonly agent: (call: AgentCall) => Effect.Effect<Answer, Failure>
  /** Runs a program under the same supervision as an agent. Any exit is a result. */
  readonly command: (
    command: Pick<Command, "program" | "args" | "env">,
  ) => Effect.Effect<CommandResult, Failure>
  /** Runs `effect` once for this run, also across restarts; its result is recorded under the name. */
  readonly once: <S extends Schema.Codec<unknown, unknown>>(
    name: string,
    result: S,
    effect: Effect.Effect<S["Type"], Failure>,
  ) => Effect.Effect<S["Type"], Failure>
  readonly say: (type: string, data: Readonly<Record<string, unknown>>) => Effect.Effect<void>
}

export interface StepReference {
  /** Where in the step's config the id stands: `["try", 1]`. */
  readonly at: ReadonlyArray<string | number>
  readonly step: string
}

export interface StepTemplate {
  readonly at: ReadonlyArray<string | number>
  readonly text: string
}

export interface StepKind<C extends Schema.Top = Schema.Top> {
  readonly type: string
  readonly summary: string
  /** The keys of this kind; the modifiers are added by the hub. Decoded strictly. */
  readonly config: C
  /** Ids of the steps this one runs: for lint, plan and the search for cycles. */
  readonly steps?: ((config: C["Type"]) => ReadonlyArray<StepReference>) | undefined
  /** Templates in the config: for lint. */
  readonly templates?: ((config: C["Type"]) => ReadonlyArray<StepTemplate>) | undefined
  readonly run: (
    config: C["Type"],
    context: StepContext,
  ) => Effect.Effect<{ readonly text: string; readonly data?: unknown }, Failure, PluginServices>
}

export const kind = <C extends Schema.Top>(kind: StepKind<C>): StepKind => kind as never
