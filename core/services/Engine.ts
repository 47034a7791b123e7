/** Durable execution of runs: what was done before a restart is not done again after it. */
import { Context, type Duration, type Effect, type Schema } from "effect"
import type { StorageFailed } from "./Sql.ts"

export class Engine extends Context.Service<
  Engine,
  {
    /** Accepting a run, for which somebody waits: runs that are to start give way to it, for some milliseconds. */
    readonly accepting: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Executes `body` for this run in the background. A second call while it executes does nothing. */
    readonly start: (run_id: string, body: Effect.Effect<void>) => Effect.Effect<void>
    /** Interrupts the execution and waits until it has let go. */
    readonly interrupt: (run_id: string) => Effect.Effect<void>
    /** Interrupts every execution, for a clean stop. Their runs stay open and are started anew by the next hub. */
    readonly stop: Effect.Effect<void>
    /** Returns once nothing executes. */
    readonly idle: Effect.Effect<void>
    /** Ids of the runs that execute now. */
    readonly executing: Effect.Effect<ReadonlyArray<string>>
    /** Runs `effect` once for this run and records its value under the name; from then on gives the record. */
    readonly once: <S extends Schema.Codec<unknown, unknown>, E, R>(
      run_id: string,
      name: string,
      value: S,
      effect: Effect.Effect<S["Type"], E, R>,
    ) => Effect.Effect<S["Type"], E | StorageFailed, R>
    /** What `once` recorded under that name, if it did. */
    readonly recorded: <S extends Schema.Codec<unknown, unknown>>(
      run_id: string,
      name: string,
      value: S,
    ) => Effect.Effect<S["Type"] | undefined, StorageFailed>
    /** Waits until an instant that is recorded at the first call: a restart does not start the wait over. */
    readonly sleep: (
      run_id: string,
      name: string,
      duration: Duration.Duration,
    ) => Effect.Effect<void, StorageFailed>
  }
>()("hub/services/Engine") {}
