/** Follows an agent that is no program of the supervisor's: its events into the run, its questions to whoever answers, under the limits of its step. */
import { Clock, Duration, Effect, Queue, Ref, Stream } from "effect"
import type { AgentEvent, AgentHost, Answer } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Limits } from "../pipeline/World.ts"
import { Events } from "../services/Events.ts"
import { type Asker, Asking } from "./Asking.ts"
import * as Outcome from "./Outcome.ts"
import * as Pause from "./Pause.ts"
import * as Record from "./Record.ts"
import type { Seen } from "./Seen.ts"
import { Store } from "./Store.ts"
import * as Watch from "./Watch.ts"

export interface Streamed extends Asker {
  readonly limits: Limits
  readonly seen: Seen
  readonly max_cost_usd: number | undefined
}

type Element = AgentEvent | { readonly answer: Answer }

export const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const asking = yield* Asking

  /** Stores each event, and tells the watches of it. */
  const recorder = Effect.fnUntraced(function* (to: Streamed, signs: Queue.Queue<Watch.Sign>) {
    const { attempt, max_cost_usd, run_id, seen, step } = to
    const admit = yield* Record.bounded({ step, attempt }, 0)
    return Effect.fnUntraced(function* (event: AgentEvent) {
      seen.take(event)
      if (event.type === "session_started" && seen.session_id !== undefined)
        yield* Effect.orDie(store.noteSession(run_id, attempt, seen.session_id))
      const drafts = yield* admit([event])
      if (drafts.length > 0) yield* Effect.orDie(events.append(run_id, drafts))
      const sign = seen.overBudget(max_cost_usd) ?? Watch.signOf(event)
      if (sign !== undefined) Queue.offerUnsafe(signs, sign)
    })
  })

  const read = Effect.fnUntraced(function* (
    stream: Stream.Stream<Element, Failure.Failure>,
    take: (event: AgentEvent) => Effect.Effect<void>,
  ) {
    let answer: Answer | undefined
    yield* Stream.runForEach(stream, (element) =>
      "answer" in element ? Effect.sync(() => void (answer = element.answer)) : take(element),
    )
    return answer === undefined
      ? Outcome.failed(Failure.of("crashed", "The agent's stream ended without an answer."))
      : Outcome.answered(answer)
  })

  return Effect.fnUntraced(function* (
    to: Streamed,
    run: (host: AgentHost) => Stream.Stream<Element, Failure.Failure>,
  ) {
    const pause = yield* Pause.make
    const ask = yield* asking.askerOf(to)
    const signs = yield* Queue.unbounded<Watch.Sign>()
    const heard = yield* Ref.make(yield* Clock.currentTimeMillis)
    const noted = Effect.flatMap(Clock.currentTimeMillis, (at) => Ref.set(heard, at))
    const record = yield* recorder(to, signs)
    const host: AgentHost = {
      ask: (question, options) => Effect.ensuring(pause.during(ask(question, options)), noted),
    }
    const last_output_at = Effect.flatMap(pause.isOn, (isOn) =>
      isOn ? Clock.currentTimeMillis : Ref.get(heard),
    )
    const natural = Effect.catch(
      read(run(host), (event) => Effect.andThen(noted, record(event))),
      (failure) => Effect.succeed(Outcome.failed(failure)),
    )
    const first = yield* Effect.raceAllFirst([
      natural,
      Effect.as(pause.elapsed(to.limits.timeout), tooLong(to.limits)),
      Watch.silence({ last_output_at }, to.limits.stall),
      Watch.patience(signs, to.limits.patience),
    ])
    return first instanceof Failure.Failure ? Outcome.failed(first) : first
  })
})

const tooLong = ({ timeout }: Limits) =>
  Failure.of("timed_out", `Not done within ${Duration.format(timeout)}.`)
