/** The end of an attempt: written down once, read back after a restart. */
import { Clock, Effect } from "effect"
import type { Answer } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import { Events } from "../services/Events.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import { redactAll, Secrets } from "../services/Secrets.ts"
import { Cooldowns } from "./Cooldowns.ts"
import * as Outcome from "./Outcome.ts"
import { present } from "./Present.ts"
import type { Seen } from "./Seen.ts"
import { type AttemptRow, failureOf } from "./Rows.ts"
import { Store } from "./Store.ts"

export interface Ending {
  readonly run_id: string
  readonly step: string
  readonly attempt: number
  readonly agent: string | undefined
  readonly model: string | undefined
  readonly started_at: number
}

/** Longest text kept in the database; a longer one becomes a file beside the spool. */
const inline = 65_536

type Stored = Answer & { readonly in_file?: true }

/** How much of a secret may be told: of a failure nothing, of an answer what only looks like one. */
type Clean = Pick<Secrets["Service"], "redact" | "redactKnown">

export const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const files = yield* Files
  const home = yield* Home
  const cooldowns = yield* Cooldowns
  const secrets = yield* Secrets

  const file = (run_id: string, attempt: number) => `${home.runs}/${run_id}/${attempt}/answer`

  const stored = (ending: Ending, answer: Answer) =>
    answer.text.length <= inline
      ? Effect.succeed<Stored>(answer)
      : Effect.as(Effect.orDie(files.write(file(ending.run_id, ending.attempt), answer.text)), {
          ...answer,
          text: "",
          in_file: true,
        } satisfies Stored)

  const write = Effect.fnUntraced(function* (ending: Ending, outcome: Outcome.Outcome, seen: Seen) {
    const { agent, attempt, model, run_id, started_at, step } = ending
    const at = yield* Clock.currentTimeMillis
    const state = Outcome.stateOf(outcome)
    const { exit_code } = outcome
    const { answer, failure } = parts(outcome, ending, secrets)
    const usage = answer?.usage ?? seen.usage
    const data = present({
      state,
      agent,
      model,
      failure: failure?.facts,
      exit_code,
      usage,
      duration_ms: at - started_at,
    })
    yield* events.appendOnce(run_id, `end:${attempt}`, [{ type: "attempt_ended", step, attempt, data }])
    yield* store.endAttempt(run_id, attempt, {
      state,
      at,
      exit_code,
      session_id: answer?.session_id ?? seen.session_id,
      usage,
      answer: answer === undefined ? undefined : yield* stored(ending, answer),
      failure: failure?.facts,
    })
    yield* Effect.annotateLogs(Effect.logInfo(`attempt ${state}`), {
      ...present({
        step,
        agent,
        model,
        exit_code,
        class: failure?.facts.class,
        duration_ms: at - started_at,
      }),
    })
    if (agent !== undefined && state !== "cancelled") yield* cooldowns.note(ending, agent, model, failure)
    return failure ?? (answer as Answer)
  })

  const readBack = Effect.fnUntraced(function* (row: AttemptRow) {
    const failure = failureOf(row.failure)
    if (failure !== undefined) return yield* new Failure.Failure(failure)
    const { in_file, ...answer } = JSON.parse(row.answer ?? '{"text":""}') as Stored
    if (in_file !== true) return answer as Answer
    const { text } = yield* Effect.orDie(files.read(file(row.run_id, row.attempt), 64_000_000))
    return { ...answer, text } as Answer
  })

  return {
    /** Writes the end down and gives it as the attempt's result. */
    write: (ending: Ending, outcome: Outcome.Outcome, seen: Seen) =>
      Effect.flatMap(Effect.orDie(write(ending, outcome, seen)), (end) =>
        end instanceof Failure.Failure ? Effect.fail(end) : Effect.succeed(end),
      ),
    /** What an ended attempt left behind. */
    readBack,
  }
})

const parts = (
  { result }: Outcome.Outcome,
  { agent, attempt, step }: Ending,
  { redact, redactKnown }: Clean,
) => {
  if ("answer" in result) return { answer: redactAll(result.answer, redactKnown), failure: undefined }
  const failure = result.failure.with({ step, attempt, ...(agent === undefined ? {} : { agent }) })
  return { answer: undefined, failure: new Failure.Failure(redactAll(failure.facts, redact)) }
}
