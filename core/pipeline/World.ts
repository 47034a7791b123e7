/** What the interpreter needs from outside: durability, attempts, cooldowns. `dispatch` gives the real one, tests a small one. */
import type { Duration, Effect, Schema } from "effect"
import type { Answer } from "../plugin/Agent.ts"
import type { Failure, FailureFacts } from "../plugin/Failure.ts"
import type { AgentCall, CommandResult } from "../plugin/Step.ts"
import type { EventDraft } from "../services/Events.ts"

/** The limits of one attempt, from the step's modifiers. */
export interface Limits {
  readonly timeout: Duration.Duration
  readonly stall: Duration.Duration | undefined
  readonly patience: Duration.Duration
}

/**
 * Names are execution points: unique and the same again when the run is executed anew after a restart
 * (`write/claude`, `write/claude~2` for the second attempt of a retry, `improve@3/check` in the third round of a loop).
 */
export interface World {
  readonly run: {
    readonly run_id: string
    readonly prompt: string
    readonly cwd: string
    readonly project: { readonly name: string; readonly tags: ReadonlyArray<string> } | undefined
    readonly input: Readonly<Record<string, unknown>>
  }
  /**
   * Runs once for this run; a restart gives the recorded result. Failures are recorded too, interruption is not.
   * `effect` may ask for other names of this world: a step under a timeout is recorded around what it runs.
   */
  readonly once: <S extends Schema.Codec<unknown, unknown>>(
    name: string,
    result: S,
    effect: Effect.Effect<S["Type"], Failure>,
  ) => Effect.Effect<S["Type"], Failure>
  /** A wait that a restart does not start over. */
  readonly sleep: (name: string, duration: Duration.Duration) => Effect.Effect<void>
  /** One attempt of an agent: started once, adopted after a restart, recorded at its end. */
  readonly attempt: (
    name: string,
    step: string,
    call: AgentCall,
    limits: Limits,
  ) => Effect.Effect<Answer, Failure>
  /** One start of a command, likewise. */
  readonly command: (
    name: string,
    step: string,
    command: {
      readonly program: string
      readonly args: ReadonlyArray<string>
      readonly env?: Readonly<Record<string, string | undefined>> | undefined
    },
    limits: Limits,
  ) => Effect.Effect<CommandResult, Failure>
  /** Is this agent account cooling? */
  readonly cooling: (agent: string, model: string | undefined) => Effect.Effect<Cooling | undefined>
  /** The session that an earlier step of this run (or, for `continue`, of this project) left with the agent. */
  readonly session: (
    agent: string,
    from: { readonly step: string } | "continue",
  ) => Effect.Effect<string | undefined>
  /** Events of the run; each is recorded once per name, also when the run is executed anew. */
  readonly say: (name: string, drafts: ReadonlyArray<EventDraft>) => Effect.Effect<void>
}

export interface Cooling {
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly class: FailureFacts["class"]
  /** One sentence. */
  readonly because: string
}
