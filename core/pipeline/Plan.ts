/** A pipeline, resolved: every name is known, every config decoded. What the interpreter walks. */
import type { Duration } from "effect"
import type { FailureClass } from "../plugin/Failure.ts"
import type { StepHandle } from "../plugin/Catalogue.ts"
import type { Diagnostic } from "../toml/Toml.ts"
import type { PromptTable } from "./Document.ts"

/** A pipeline file as it was read: enough to resolve the same plan again after a restart. */
export interface Source {
  readonly id: string
  /** As shown to a person. */
  readonly file: string
  readonly text: string
  /** Texts of the files that it names, by the name it gives them. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

export interface Retry {
  readonly times: number
  readonly base: Duration.Duration
  readonly max: Duration.Duration
  /** 0 to 1: the share of the pause that is random. */
  readonly jitter: number
  readonly on: ReadonlySet<FailureClass> | undefined
}

export interface Modifiers {
  /** A decoded condition table. */
  readonly when: When | undefined
  readonly timeout: Duration.Duration | undefined
  readonly stall: Duration.Duration | undefined
  readonly patience: Duration.Duration
  readonly retry: Retry | undefined
}

/** A condition table: several keys in one table all hold. */
export type When =
  | { readonly kind: "all"; readonly of: ReadonlyArray<When> }
  | { readonly kind: "any"; readonly of: ReadonlyArray<When> }
  | { readonly kind: "not"; readonly of: When }
  | { readonly kind: "is"; readonly condition: string; readonly config: unknown }

export interface PlanStep {
  readonly id: string
  readonly type: string
  readonly kind: StepHandle
  readonly config: unknown
  readonly modifiers: Modifiers
  /** Condition tables inside the config, by where they stand: `cases[0].when`. A `when` in a list of tables is one. */
  readonly whens: ReadonlyMap<string, When>
  /** `pipelines/implement.toml:14:1` */
  readonly at: string
}

export interface InputSpec {
  readonly type: "string" | "number" | "boolean" | "list"
  readonly required: boolean
  readonly description: string | undefined
  readonly default: unknown
}

export interface Plan {
  readonly id: string
  readonly file: string
  readonly description: string
  /** The contents page. */
  readonly run: ReadonlyArray<string>
  readonly inputs: ReadonlyMap<string, InputSpec>
  /** Offered as a prompt. */
  readonly prompt: PromptTable | undefined
  readonly steps: ReadonlyMap<string, PlanStep>
  /** The plans of `pipeline` steps, by id. */
  readonly pipelines: ReadonlyMap<string, Plan>
  /** This file and those of `pipelines`. */
  readonly sources: ReadonlyArray<Source>
  /** Findings that do not stop a run. */
  readonly warnings: ReadonlyArray<Diagnostic>
}
