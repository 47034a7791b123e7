/** Follows a started program to its end: output through the decoder into events, under the limits of its step. */
import { Duration, Effect, Queue, Stream } from "effect"
import type { AgentEvent } from "../plugin/Agent.ts"
import type { DecoderHandle } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Limits } from "../pipeline/World.ts"
import { Engine } from "../services/Engine.ts"
import { Events } from "../services/Events.ts"
import { redactAll, Secrets } from "../services/Secrets.ts"
import type { Supervised } from "../services/Supervisor.ts"
import * as Outcome from "./Outcome.ts"
import * as Record from "./Record.ts"
import type { Seen } from "./Seen.ts"
import { Store } from "./Store.ts"
import * as Watch from "./Watch.ts"

export interface Followed {
  readonly run_id: string
  readonly step: string
  readonly attempt: number
  readonly limits: Limits
  readonly supervised: Supervised
  readonly decoder: DecoderHandle
  readonly seen: Seen
  readonly max_cost_usd: number | undefined
}

type Notice = (event: AgentEvent) => void

/** The limit that was reached before a restart, and is not to be read as a crash after it. */
const verdictOf = (attempt: number) => `verdict:${attempt}`

export const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const engine = yield* Engine
  const { redact } = yield* Secrets

  const skipped = (to: Followed, stream: string, offset: number, bytes: number) =>
    Effect.orDie(
      events.appendOnce(to.run_id, `skipped:${to.attempt}:${stream}:${offset}`, [
        { type: "output_skipped", step: to.step, attempt: to.attempt, data: { stream, bytes } },
      ]),
    )

  /** Whether the decoder saw all of stdout. */
  const read = Effect.fnUntraced(function* (to: Followed, notice: Notice) {
    let isWhole = true
    const { attempt, decoder, run_id, step, supervised } = to
    const known = supervised.adopted ? yield* Effect.orDie(store.agentEvents(run_id, attempt, Record.own)) : 0
    const admit = yield* Record.bounded({ step, attempt }, known)
    const take = Effect.fnUntraced(function* (seen: ReadonlyArray<AgentEvent>) {
      const drafts = yield* admit(seen)
      if (drafts.length > 0) yield* Effect.orDie(events.append(run_id, drafts))
      for (const event of seen) notice(event)
    })
    yield* Stream.runForEach(
      supervised.follow({ may_skip: decoder.may_skip }),
      Effect.fnUntraced(function* (piece) {
        if (piece.skipped > 0) yield* skipped(to, piece.stream, piece.offset, piece.skipped)
        const isMissing = piece.skipped > 0 || piece.lines.some(({ cut }) => cut)
        if (isMissing && piece.stream === "stdout") isWhole = false
        const lines = piece.lines.map((line) => line.text)
        yield* take(yield* decoder.feed(lines, piece.stream))
      }),
    )
    return isWhole
  })

  /** The end that the program comes to by itself, or by its wrapper's time limit. */
  const natural = Effect.fnUntraced(function* (to: Followed, notice: Notice) {
    const isWhole = yield* read(to, notice)
    const exit = yield* to.supervised.exit
    const code = exit.code ?? undefined
    if (exit.timed_out) return Outcome.failed(tooLong(to.limits), code)
    if (exit.lost) return Outcome.failed(gone)
    const answer = yield* Effect.mapError(to.decoder.end(exit), (failure) =>
      exit.disk_full === true ? diskFull : failure,
    )
    // What a decoder of plain text never saw is missing in its answer; events say by themselves what the answer is.
    const isTail = !isWhole && to.decoder.may_skip
    return Outcome.answered(isTail ? { ...answer, truncated: true } : answer, code)
  })

  const withCode = (to: Followed) => (failure: Failure.Failure) =>
    Effect.map(to.supervised.exit, (exit) => Outcome.failed(failure, exit.code ?? undefined))

  /** Ends the program for a limit of ours. Written down first: a restart in between must not read it as a crash. */
  const cutShort = Effect.fnUntraced(function* (to: Followed, failure: Failure.Failure) {
    const facts = yield* Effect.orDie(
      engine.once(
        to.run_id,
        verdictOf(to.attempt),
        Failure.FailureFacts,
        Effect.succeed(redactAll(failure.facts, redact)),
      ),
    )
    yield* to.supervised.end
    return yield* withCode(to)(new Failure.Failure(facts))
  })

  const limited = Effect.fnUntraced(function* (to: Followed) {
    const signs = yield* Queue.unbounded<Watch.Sign>()
    const notice: Notice = (event) => {
      to.seen.take(event)
      const sign = to.seen.overBudget(to.max_cost_usd) ?? Watch.signOf(event)
      if (sign !== undefined) Queue.offerUnsafe(signs, sign)
    }
    const first = yield* Effect.raceAllFirst([
      Effect.catch(natural(to, notice), withCode(to)),
      Watch.silence(to.supervised, to.limits.stall),
      Watch.patience(signs, to.limits.patience),
    ])
    return first instanceof Failure.Failure ? yield* cutShort(to, first) : first
  })

  return Effect.fnUntraced(function* (to: Followed) {
    const earlier = yield* Effect.orDie(
      engine.recorded(to.run_id, verdictOf(to.attempt), Failure.FailureFacts),
    )
    if (earlier !== undefined) return yield* cutShort(to, new Failure.Failure(earlier))
    return yield* limited(to)
  })
})

const tooLong = (limits: Limits) =>
  Failure.of("timed_out", `Not done within ${Duration.format(limits.timeout)}.`)

const gone = Failure.of(
  "crashed",
  "The process is gone and left no exit status: someone killed it, or the machine went down.",
)

const diskFull = Failure.of(
  "crashed",
  "The disk that its output goes to was full when it ended. Free some space where the hub's home is, then dispatch it again.",
)
