/** A `World` in memory: agents and commands are scripted, everything that happened can be handed to a second execution. */
import { Clock, Deferred, Duration, Effect, Schema } from "effect"
import type { Limits, World } from "../pipeline/World.ts"
import type { Answer } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { AgentCall, CommandResult } from "../plugin/Step.ts"
import type { EventDraft } from "../services/Events.ts"

export interface Start {
  readonly name: string
  readonly step: string
  readonly limits: Limits
  /** Absent for a command. */
  readonly call?: AgentCall | undefined
  readonly command?: Parameters<World["command"]>[2] | undefined
}

/** How one start ends, and after how long. */
export interface Ending<A> {
  readonly after?: Duration.Input | undefined
  readonly gives: A | Failure.Failure
}

export interface Script {
  readonly agent?: ((start: Start & { readonly call: AgentCall }) => Ending<Answer>) | undefined
  readonly command?: ((start: Start) => Ending<CommandResult>) | undefined
  readonly cooling?: World["cooling"] | undefined
  readonly session?: World["session"] | undefined
  readonly run?: Partial<World["run"]> | undefined
}

/** What outlives the hub. Hand the same one to a second execution to restart it. */
export interface Memory {
  readonly journal: Map<string, string>
  readonly events: Map<string, ReadonlyArray<EventDraft>>
  /** Each start that really happened, in order. */
  readonly starts: Array<Start>
  readonly slept: Array<{ readonly name: string; readonly ms: number }>
}

export const memory = (): Memory => ({ journal: new Map(), events: new Map(), starts: [], slept: [] })

export const events = (memory: Memory): ReadonlyArray<EventDraft> => Array.from(memory.events.values()).flat()

export const said = (text: string, more: Partial<Answer> = {}): Ending<Answer> => ({
  gives: { text, ...more },
})

export const failed = (
  class_: Failure.FailureClass,
  more: Partial<Failure.FailureFacts> = {},
): Ending<never> => ({
  gives: Failure.of(class_, `scripted ${class_}`, more),
})

export const exited = (code: number, output = ""): Ending<CommandResult> => ({
  gives: { code, signal: null, output },
})

/** Told of each new record, start and event: the places to pull the plug. */
export type OnRecord = (name: string) => Effect.Effect<void>

export const scripted = (script: Script, kept: Memory, onRecord: OnRecord = () => Effect.void): World => {
  const recorded = <S extends Schema.Codec<unknown, unknown>>(
    name: string,
    schema: S,
    effect: Effect.Effect<S["Type"], Failure.Failure>,
  ) => {
    const codec = Schema.fromJsonString(Schema.toCodecJson(Schema.Result(schema, Failure.Failure)))
    return Effect.gen(function* () {
      const earlier = kept.journal.get(name)
      if (earlier !== undefined) return yield* Effect.orDie(Schema.decodeEffect(codec)(earlier))
      // An interruption is no result: nothing is recorded.
      const result = yield* Effect.result(effect)
      kept.journal.set(name, yield* Effect.orDie(Schema.encodeEffect(codec)(result)))
      yield* onRecord(name)
      return result
    }).pipe(Effect.flatMap(Effect.fromResult))
  }

  const begun = (start: Start) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const key = `${start.name}:started`
      const earlier = kept.journal.get(key)
      if (earlier !== undefined) return Number(earlier)
      kept.journal.set(key, String(now))
      kept.starts.push(start)
      yield* onRecord(key)
      return now
    })

  /** Started once; a second execution waits for what is left of it. */
  const played = <A>(start: Start, ending: Ending<A>) =>
    Effect.gen(function* () {
      const started = yield* begun(start)
      const gone = (yield* Clock.currentTimeMillis) - started
      const whole = Math.min(Duration.toMillis(ending.after ?? 0), Duration.toMillis(start.limits.timeout))
      if (whole > gone) yield* Effect.sleep(whole - gone)
      if (Duration.toMillis(ending.after ?? 0) > Duration.toMillis(start.limits.timeout))
        return yield* Failure.of("timed_out", "scripted time-out")
      return ending.gives instanceof Failure.Failure ? yield* ending.gives : ending.gives
    })

  return {
    run: { run_id: "r1", prompt: "the prompt", cwd: "/work", project: undefined, input: {}, ...script.run },
    once: recorded,
    sleep: (name, duration) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (!kept.journal.has(name)) {
          kept.journal.set(name, String(now + Duration.toMillis(duration)))
          kept.slept.push({ name, ms: Duration.toMillis(duration) })
          yield* onRecord(name)
        }
        yield* Effect.sleep(Math.max(0, Number(kept.journal.get(name)) - now))
      }),
    attempt: (name, step, call, limits) => {
      const start = { name, step, call, limits }
      return recorded(name, AnswerJson, played(start, script.agent?.(start) ?? said(`${call.agent} answers`)))
    },
    command: (name, step, command, limits) => {
      const start = { name, step, command, limits }
      return recorded(name, CommandJson, played(start, script.command?.(start) ?? exited(0)))
    },
    cooling: script.cooling ?? (() => Effect.succeed(undefined)),
    session: script.session ?? (() => Effect.succeed(undefined)),
    say: (name, drafts) =>
      Effect.suspend(() => {
        if (kept.events.has(name)) return Effect.void
        kept.events.set(name, drafts)
        return onRecord(name)
      }),
  }
}

const AnswerJson = Schema.Struct({
  text: Schema.String,
  truncated: Schema.optionalKey(Schema.Boolean),
  data: Schema.optionalKey(Schema.Unknown),
  session_id: Schema.optionalKey(Schema.String),
  usage: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
}) as unknown as Schema.Codec<Answer, unknown>

const CommandJson = Schema.Struct({
  code: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  output: Schema.String,
})

/** Executes until `cut` says so of a record, then as if the hub was killed right after it. `undefined`: it was. */
export const until = <A, E>(
  cut: (name: string) => boolean,
  body: (onRecord: OnRecord) => Effect.Effect<A, E>,
): Effect.Effect<A | undefined, E> =>
  Effect.gen(function* () {
    const plug = yield* Deferred.make<void>()
    const pull: OnRecord = (name) =>
      cut(name) ? Effect.andThen(Deferred.succeed(plug, undefined), Effect.never) : Effect.void
    return yield* Effect.raceFirst(body(pull), Effect.as(Deferred.await(plug), undefined))
  })
