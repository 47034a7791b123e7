/** A condition of `when`: a key, a config schema and a question. */
import type { Effect, Schema } from "effect"
import type { Failure, FailureFacts } from "./Failure.ts"
import type { PluginServices } from "./Plugin.ts"

/** What a condition may look at. */
export interface ConditionContext {
  readonly run_id: string
  readonly step: string
  readonly cwd: string
  readonly project: { readonly name: string; readonly tags: ReadonlyArray<string> } | undefined
  readonly input: Readonly<Record<string, unknown>>
  /** The failure of the previous candidate in a fallback. */
  readonly previous?: FailureFacts | undefined
}

/** `because` is shown by `plan` and `why`: one sentence with the facts. */
export interface Verdict {
  readonly holds: boolean
  readonly because: string
}

export interface Condition<C extends Schema.Top = Schema.Top> {
  readonly id: string
  readonly summary: string
  readonly config: C
  readonly holds: (
    config: C["Type"],
    context: ConditionContext,
  ) => Effect.Effect<Verdict, Failure, PluginServices>
}

export const make = <C extends Schema.Top>(condition: Condition<C>): Condition => condition as never
